import type { ParamsOf } from '@durastack/contracts/command';
import { migrateVirtualMachineWithVolume } from '@durastack/contracts/compute/migrate-virtual-machine-with-volume';
import type { ResourceRef } from '@durastack/contracts/resources';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { z } from 'zod';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { invalid } from '../face/text-faults.js';
import { Platform } from '../platform.js';
import { checkMove, type MoveWish } from './move-with-volume-checks.js';
import { acceptVmOperation, networksOf } from './vm-operation.js';

type Params = ParamsOf<typeof migrateVirtualMachineWithVolume>;

/** Accepts the move of a machine with its disks. What cannot be is refused at once; the first step looks again. */
@Handles(migrateVirtualMachineWithVolume)
export class MigrateVirtualMachineWithVolumeHandler implements CommandHandler<typeof migrateVirtualMachineWithVolume> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<StartedOperation> {
    const { virtualMachineId: vmId, hostId, autoSelect = false } = params;
    const pools = poolsOf(params);
    if (hostId === undefined && pools.size === 0 && !autoSelect)
      throw invalid('hostId', 'Name a host (hostid), disks and their pools (migrateto), or give autoselect=true.');
    if (hostId !== undefined && autoSelect) throw invalid('autoSelect', 'Give either hostid or autoselect=true.');
    const tx = autocommit(this.platform.database);
    // Behind another operation a host is where it is to go while it runs.
    const staysStopped = await isStopped(tx, vmId, hostId === undefined);
    const wish: MoveWish = { vmId, hostId, pools, running: autoSelect || !staysStopped };
    const volumes = await tx.query<{ id: string }>("SELECT id FROM volume WHERE vm_id = ? AND state <> 'Expunged'", [
      vmId,
    ]);
    return acceptVmOperation(this.platform, call, {
      command: migrateVirtualMachineWithVolume,
      vmId,
      input: {
        migrateTo: Object.fromEntries(pools),
        running: wish.running,
        ...(hostId === undefined ? {} : { hostId }),
      },
      // A stopped machine stays as it is.
      ...(wish.running ? {} : { lifecycle: {} }),
      locks: [
        ...(hostId === undefined ? [] : [ref('host', hostId)]),
        ...volumes.map(({ id }) => ref('volume', id)),
        ...[...new Set(pools.values())].map((id) => ref('storage-pool', id)),
        ...(wish.running ? await networksOf(this.platform, vmId) : []),
      ],
      write: (inner) => checkMove(inner, wish),
    });
  }
}

const ref = (type: ResourceRef['type'], id: string): ResourceRef => ({ type, id });

async function isStopped(tx: Tx, vmId: string, whateverIsAsked: boolean): Promise<boolean> {
  const [row] = await tx.query<{ state: string; operations: number }>(
    `SELECT v.state, (SELECT COUNT(*) FROM operation_lock l WHERE l.resource_type = 'virtual-machine' AND l.resource_id = v.id) AS operations
       FROM virtual_machine v WHERE v.id = ?`,
    [vmId],
  );
  return row?.state === 'Stopped' && (whateverIsAsked || Number(row.operations) === 0);
}

function poolsOf({ migrateTo = [] }: Params): ReadonlyMap<string, string> {
  const pools = new Map<string, string>();
  for (const [index, { volume = '', pool = '', ...others }] of migrateTo.entries()) {
    const [stranger] = Object.keys(others);
    const where = `migrateto[${index}]`;
    if (stranger !== undefined) throw invalid('migrateTo', `${where} has a ${stranger}; it wants volume and pool.`);
    for (const [name, value] of Object.entries({ volume, pool }))
      if (!z.uuid().safeParse(value).success) throw invalid('migrateTo', `${where}.${name} is not an id.`);
    const volumeId = volume.toLowerCase();
    if (pools.has(volumeId)) throw invalid('migrateTo', `${where} names the volume ${volumeId} once more.`);
    pools.set(volumeId, pool.toLowerCase());
  }
  return pools;
}
