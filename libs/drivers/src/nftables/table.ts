/** One nftables table per instance and family, always replaced as a whole: atomic and safe to repeat. */
import { DurastackError, invariant } from '@durastack/contracts/errors';
import type { HostShell } from '../process/host-shell.js';

/** Families that the product uses. */
export type TableFamily = 'inet' | 'bridge';

/** Name of an instance's tables; hyphens are not allowed in nftables' names. */
export function tableName(instance: string): string {
  return `durastack_${instance.replaceAll('-', '_')}`;
}

/**
 * The instance's table of that family holds exactly this body, in one kernel transaction; without a body it is gone.
 *
 * @throws DurastackError `STEP_REFUSED` when the kernel or nft refuses it; then the former rules stay in force
 */
export async function replaceTable(
  shell: HostShell,
  table: { readonly family: TableFamily; readonly instance: string; readonly body: string | undefined },
): Promise<void> {
  const name = `${table.family} ${tableName(table.instance)}`;
  // Declared first, so that deleting it never fails for its absence.
  const removal = `table ${name}\ndelete table ${name}\n`;
  const input = table.body === undefined ? removal : `${removal}table ${name} {\n${table.body}\n}\n`;
  await shell.run('nft', ['-f', '-'], { input });
}

/** Whether the instance's table of that family is there (a firewall's reload may have flushed everything). */
export async function hasTable(shell: HostShell, family: TableFamily, instance: string): Promise<boolean> {
  const tables = await shell.run('nft', ['list', 'tables', family]);
  return tables.split('\n').includes(`table ${family} ${tableName(instance)}`);
}

/** A device name as it stands in rules. @throws DurastackError `BUG` for a name that no specification allows */
export function device(name: string): string {
  invariant(/^[a-z0-9-]{1,15}$/.test(name), `"${name}" is not a device name of ours`);
  return `"${name}"`;
}

/** A MAC address as it stands in rules. */
export function mac(address: string): string {
  if (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(address)) return address;
  throw new DurastackError('INVALID_INPUT', `"${address}" is not a MAC address`);
}

/** A named set with its elements. */
export function namedSet(name: string, type: string, elements: readonly string[]): string {
  const unique = [...new Set(elements)];
  const list = unique.length === 0 ? '' : ` elements = { ${unique.join(', ')} }`;
  return `set ${name} { type ${type};${list} }`;
}
