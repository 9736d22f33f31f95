/** Things that people describe by details and annotations. */
import { DurastackError } from '@durastack/contracts/errors';
import type { DescribedType } from '@durastack/contracts/identity/described-resources';
import type { ResourceRef } from '@durastack/contracts/resources';
import type { Tx } from '../database/transaction.js';
import { tableOf } from '../operations/state-rows.js';

const REMOVED_LATER = 'NOT x.removed';

/** How things of a kind are named, and which of their rows are not gone, of `x`. */
const KINDS: Readonly<Record<DescribedType, { readonly name: string; readonly live: string }>> = {
  'virtual-machine': { name: 'COALESCE(x.display_name, x.name)', live: "x.state <> 'Expunged'" },
  volume: { name: 'x.name', live: "x.state <> 'Expunged'" },
  template: { name: 'x.name', live: "x.state <> 'Removed'" },
  network: { name: 'x.name', live: "x.state <> 'Removed'" },
  'ssh-key-pair': { name: 'x.name', live: 'TRUE' },
  zone: { name: 'x.name', live: 'TRUE' },
  pod: { name: 'x.name', live: 'TRUE' },
  cluster: { name: 'x.name', live: 'TRUE' },
  host: { name: 'x.name', live: "x.state <> 'Removed'" },
  domain: { name: 'x.name', live: REMOVED_LATER },
  'storage-pool': { name: 'x.name', live: "x.state <> 'Removed'" },
  'image-store': { name: 'x.name', live: REMOVED_LATER },
  'service-offering': { name: 'x.name', live: REMOVED_LATER },
  'disk-offering': { name: 'x.name', live: REMOVED_LATER },
  'network-offering': { name: 'x.name', live: "x.live_key = ''" },
};

/** A condition that rows of a kind fulfil which are not gone, of `x`. */
export const liveSql = (type: DescribedType): string => KINDS[type].live;

/** The name of what two columns refer to; NULL when it is gone. */
export function describedNameSql(typeColumn: string, idColumn: string): string {
  const cases = Object.entries(KINDS).map(
    ([type, { name, live }]) =>
      `WHEN '${type}' THEN (SELECT ${name} FROM ${tableOf(type as DescribedType)} x WHERE x.id = ${idColumn} AND ${live})`,
  );
  return `CASE ${typeColumn} ${cases.join(' ')} END`;
}

/** What people have written on something goes with it: tags, details, annotations. Repeating it changes nothing. */
export async function forgetDescriptions(tx: Tx, { type, id }: ResourceRef): Promise<void> {
  for (const table of ['resource_tag', 'resource_detail', 'annotation'])
    await tx.execute(`DELETE FROM ${table} WHERE resource_type = ? AND resource_id = ?`, [type, id]);
}

type Details = Readonly<Record<string, string>>;

/** Puts details on something; one that is there gets the new value. @throws DurastackError INVALID_INPUT for no name */
export async function putDetails(
  tx: Tx,
  { type, id }: ResourceRef,
  { details, forDisplay }: { readonly details: Details; readonly forDisplay: boolean },
): Promise<void> {
  for (const [name, value] of named(details))
    await tx.execute(
      `INSERT INTO resource_detail (resource_type, resource_id, name, value, for_display) VALUES (?, ?, ?, ?, ?)
       ON DUPLICATE KEY UPDATE value = ?, for_display = ?`,
      [type, id, name, value, forDisplay, value, forDisplay],
    );
}

/**
 * Puts details on something in place of those for display. What is kept from display stays as it is, also where a new one
 * has its name: it is the administrators'.
 *
 * @throws DurastackError INVALID_INPUT for no name
 */
export async function replaceDetails(tx: Tx, { type, id }: ResourceRef, details: Details): Promise<void> {
  await tx.execute('DELETE FROM resource_detail WHERE resource_type = ? AND resource_id = ? AND for_display', [
    type,
    id,
  ]);
  for (const [name, value] of named(details))
    await tx.execute(
      `INSERT INTO resource_detail (resource_type, resource_id, name, value, for_display) VALUES (?, ?, ?, ?, TRUE)
       ON DUPLICATE KEY UPDATE value = value`,
      [type, id, name, value],
    );
}

function named(details: Details): (readonly [name: string, value: string])[] {
  if (Object.hasOwn(details, ''))
    throw new DurastackError('INVALID_INPUT', 'Give details, each with a name: details[0].key=…&details[0].value=…');
  return Object.entries(details);
}
