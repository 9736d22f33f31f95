/** Looks for a thing by name through the API and makes it when it is not there. */
import { DurastackError } from '@durastack/contracts/errors';
import type { ApiClient } from '../api/api-client.js';

/** One object of a reply. */
export type Row = Readonly<Record<string, unknown>>;

/** The objects of a reply, whether it wraps a list, one object, or is one itself. */
export function rows(reply: Row): Row[] {
  const inner = Object.entries(reply).find(([name, value]) => name !== 'count' && typeof value === 'object');
  if (inner === undefined) return 'id' in reply ? [reply] : [];
  return Array.isArray(inner[1]) ? (inner[1] as Row[]) : [inner[1] as Row];
}

/** The id of an object that must be there. */
export function idOf(row: Row | undefined): string {
  const id = row?.['id'];
  if (typeof id !== 'string') throw new DurastackError('BUG', 'The API answered without the object that it made.');
  return id;
}

/**
 * `list<Noun>s`, then `create<Noun>` when none has the name.
 *
 * @param noun e.g. `Zone`
 * @param params of the creation; `zoneid` also narrows the list
 */
export async function ensure(
  api: ApiClient,
  noun: string,
  name: string,
  params: Readonly<Record<string, string>>,
): Promise<Row> {
  const zoneid = params['zoneid'];
  const scope: Record<string, string> = zoneid === undefined ? {} : { zoneid };
  const known = rows(await api.call(`list${noun}s`, scope)).find((row) => row['name'] === name);
  if (known !== undefined) return known;
  const made = rows(await api.callAndWait(`create${noun}`, { name, ...params }))[0];
  if (made === undefined) throw new DurastackError('BUG', `create${noun} answered without the object that it made.`);
  return made;
}
