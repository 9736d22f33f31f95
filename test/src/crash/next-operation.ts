/** What is asked of a thing after an operation on it, so that what that left behind is met by the next one. */
import type { Ground, Started } from './ground.js';
import { restart } from './ha-ground.js';
import { SCENARIOS } from './scenarios.js';

/** What is asked of a machine next, by its state; of one whose operation was undone, to go. */
const NEXT_OF_VM: Readonly<Record<string, string>> = {
  Running: 'stopVirtualMachine',
  Stopped: 'startVirtualMachine',
  Destroyed: 'expungeVirtualMachine',
};
/** What is asked next of a host that is, or was to be, fenced; of one that is used again nothing. */
const NEXT_OF_FENCED_HOST: Readonly<Record<string, string>> = { Disconnected: 'failOverHost', Down: 'reinstateHost' };
/** What is asked next of other things, by what was done before. */
const NEXT_BY_KIND: Readonly<Record<string, string>> = {
  addHost: 'deleteHost',
  reconnectHost: 'reconnectHost',
  deleteHost: 'deleteHost',
  prepareHostForMaintenance: 'cancelHostMaintenance',
  cancelHostMaintenance: 'cancelHostMaintenance',
  maintainHost: 'cancelHostMaintenance',
  issueOutOfBandManagementPowerAction: 'issueOutOfBandManagementPowerAction',
  changeOutOfBandManagementPassword: 'changeOutOfBandManagementPassword',
  createStoragePool: 'deleteStoragePool',
  deleteStoragePool: 'deleteStoragePool',
  registerTemplate: 'deleteTemplate',
  createTemplate: 'deleteTemplate',
  deleteTemplate: 'deleteTemplate',
  registerIso: 'deleteIso',
  deleteIso: 'deleteIso',
  deleteNetwork: 'deleteNetwork',
  deleteAccount: 'deleteAccount',
  deleteProject: 'deleteProject',
  deleteDomain: 'deleteDomain',
};

/**
 * Accepts the next operation on the same thing.
 *
 * @returns undefined when the thing is gone, so that nothing more can be asked of it
 */
export async function acceptNext(
  ground: Ground,
  { kind, end }: { kind: string; end: string },
  resourceId: string,
): Promise<{ kind: string; started: Started } | undefined> {
  const [row] = await ground.world.db.query<{ table: string }>(
    'SELECT resource_type AS `table` FROM operation WHERE resource_id = ? LIMIT 1',
    [resourceId],
  );
  const [thing] = await ground.world.db.query<{ state?: string; removed?: number; vm_id?: string | null }>(
    `SELECT * FROM \`${row!.table.replaceAll('-', '_')}\` WHERE id = ?`,
    [resourceId],
  );
  const { vm_id: vmId } = thing!;
  const state = thing!.removed === 1 || thing!.state === 'removed' ? 'Removed' : (thing!.state ?? '');
  const nextOfVm = end === 'succeeded' ? NEXT_OF_VM[state] : 'expungeVirtualMachine';
  const isFenced = kind === 'failOverHost' || kind === 'reinstateHost';
  const byType: Readonly<Record<string, string | undefined>> = {
    ...(isFenced ? { host: NEXT_OF_FENCED_HOST[state] } : {}),
    'virtual-machine': nextOfVm,
    volume: kind === 'migrateVolume' ? kind : vmId === null ? 'deleteVolume' : 'detachVolume',
  };
  const next = row!.table in byType ? byType[row!.table] : NEXT_BY_KIND[kind];
  if (next === undefined || state === 'Removed' || state === 'Expunged') return undefined;
  if (next === 'reinstateHost') await restart(ground, resourceId);
  return { kind: next, started: await SCENARIOS[next]!.accept(ground, resourceId) };
}
