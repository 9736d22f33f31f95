/** Whose setting a call means: of the whole cloud, or of one of its parts. */
import { DurastackError } from '@durastack/contracts/errors';
import type { GlobalSettings } from '@durastack/contracts/infra/global-settings';
import { requireRow } from '@durastack/store/database/rows';
import type { Tx } from '@durastack/store/database/transaction';
import { readGlobalSettings } from '@durastack/store/operations/global-settings';
import {
  readAccountSettings,
  readDomainSettings,
  readPoolSettings,
} from '@durastack/store/operations/resource-settings';
import { requireCluster } from './drs-cluster.js';

/** The parameters that say it; at most one of them. */
export interface GivenPlace {
  readonly zoneId?: string | undefined;
  readonly clusterId?: string | undefined;
  readonly storageId?: string | undefined;
  readonly domainId?: string | undefined;
  readonly accountId?: string | undefined;
}

/** See the module. */
export type Place =
  | { readonly level: 'Global' }
  | { readonly level: 'Cluster' | 'Zone' | 'StoragePool' | 'Domain'; readonly id: string }
  | { readonly level: 'Account'; readonly id: string; readonly domainId: string };

/**
 * The place that a call names.
 *
 * @throws DurastackError NOT_FOUND; INVALID_INPUT for several at once
 */
export async function requirePlace(tx: Tx, given: GivenPlace): Promise<Place> {
  const { zoneId, clusterId, storageId, domainId, accountId } = given;
  const ids = [zoneId, clusterId, storageId, domainId, accountId].filter((id) => id !== undefined);
  if (ids.length > 1)
    throw new DurastackError(
      'INVALID_INPUT',
      'A setting is of one thing: give one of zoneid, clusterid, storageid, domainid and accountid.',
    );
  if (clusterId !== undefined) return { level: 'Cluster', id: (await requireCluster(tx, clusterId, 'clusterid')).id };
  if (zoneId !== undefined) {
    await requireRow(tx, { type: 'zone', id: zoneId }, { parameter: 'zoneid' });
    return { level: 'Zone', id: zoneId };
  }
  if (storageId !== undefined) {
    const pool = { type: 'storage-pool', id: storageId } as const;
    await requireRow(tx, pool, { parameter: 'storageid', where: "state <> 'Removed'" });
    return { level: 'StoragePool', id: storageId };
  }
  if (domainId !== undefined) {
    await requireRow(tx, { type: 'domain', id: domainId }, { parameter: 'domainid', where: 'NOT removed' });
    return { level: 'Domain', id: domainId };
  }
  return accountId === undefined ? { level: 'Global' } : requireAccount(tx, accountId);
}

async function requireAccount(tx: Tx, id: string): Promise<Place> {
  const row = await requireRow<{ domain_id: string }>(
    tx,
    { type: 'account', id },
    { parameter: 'accountid', where: "state <> 'removed' AND role <> 'project'" },
  );
  return { level: 'Account', id, domainId: row.domain_id };
}

/** The settings of a place that has them from `GLOBAL_SETTINGS`. */
export function readAt(tx: Tx, place: Place): Promise<GlobalSettings> {
  if (place.level === 'Domain') return readDomainSettings(tx, place.id);
  if (place.level === 'StoragePool') return readPoolSettings(tx, place.id);
  if (place.level === 'Account') return readAccountSettings(tx, { accountId: place.id, domainId: place.domainId });
  return readGlobalSettings(tx);
}
