/** Rows of what is recorded of physical networks. */
import { DurastackError } from '@durastack/contracts/errors';
import {
  HOST_PROVIDER,
  HOST_SERVICES,
  providerOf,
  ROUTER_PROVIDER,
  ROUTER_SERVICES,
  serviceNameOf,
} from '@durastack/contracts/network/network-offerings';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import type { Tx } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';

/** A table of them. */
type Table = 'physical_network' | 'traffic_type' | 'network_service_provider';

/** A row that must exist, held until the transaction ends. @throws DurastackError NOT_FOUND */
export async function requireRecord(tx: Tx, table: Table, id: string, parameter = 'id'): Promise<void> {
  const rows = await tx.query(`SELECT id FROM ${table} WHERE id = ? FOR UPDATE`, [id]);
  if (rows.length === 0) throw notFound(parameter, id);
}

/** Sets the columns that are not undefined. */
export async function updateRecord(
  tx: Tx,
  { table, id }: { readonly table: Table; readonly id: string },
  columns: Readonly<Record<string, string | null | undefined>>,
): Promise<void> {
  const set = Object.entries(columns).filter(([, value]) => value !== undefined);
  for (const [column, value] of set) await tx.execute(`UPDATE ${table} SET ${column} = ? WHERE id = ?`, [value, id]);
}

/** A list as it is kept. */
export const joined = (words: readonly string[] | undefined) => (words === undefined ? undefined : words.join(','));

/** Columns of what hosts call a network. */
export const labelColumns = (labels: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    (['kvm', 'vmware', 'xen', 'hyperv', 'ovm3'] as const).map((kind) => [
      `${kind}_network_label`,
      labels[`${kind}NetworkLabel`] as string | undefined,
    ]),
  );

/**
 * The services that a provider is to have, in CloudStack's spelling.
 *
 * @throws DurastackError INVALID_INPUT for a name that is none
 */
export function servicesOf(names: readonly string[]): string {
  return names
    .map((name) => {
      const known = serviceNameOf(name);
      if (known === undefined) throw new DurastackError('INVALID_INPUT', `There is no network service ${name}.`);
      return known;
    })
    .join(',');
}

/** What a provider serves by itself. */
export const servicesBy = (provider: string) =>
  [...HOST_SERVICES, ...ROUTER_SERVICES].filter((service) => providerOf(service) === provider);

/** The providers that every physical network has from the beginning: hosts serve, routers wait for their enabling. */
export async function addOwnProviders(tx: Tx, physicalNetworkId: string): Promise<void> {
  for (const [name, state] of [
    [HOST_PROVIDER, 'Enabled'],
    [ROUTER_PROVIDER, 'Disabled'],
  ] as const)
    await insertRow(tx, 'network_service_provider', {
      ...{ id: newId(), physical_network_id: physicalNetworkId, name, state },
      ...{ service_list: servicesBy(name).join(','), created_at: new Date() },
    });
}
