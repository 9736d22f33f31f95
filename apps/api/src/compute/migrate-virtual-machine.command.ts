import type { ParamsOf } from '@durastack/contracts/command';
import { migrateVirtualMachine } from '@durastack/contracts/compute/migrate-virtual-machine';
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { DurastackError } from '@durastack/contracts/errors';
import { judgeHosts } from '@durastack/model/placement/judge-hosts';
import { readNeeds } from '@durastack/store/compute/placement-needs';
import { readDestinations } from '@durastack/store/compute/placement-rows';
import type { Tx } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptVmOperation, networksOf } from './vm-operation.js';

/** Moves a running machine to the host that is named, or to one where there is room. */
@Handles(migrateVirtualMachine)
export class MigrateVirtualMachineHandler implements CommandHandler<typeof migrateVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof migrateVirtualMachine>): Promise<StartedOperation> {
    const { virtualMachineId: vmId, hostId, autoSelect } = params;
    if (hostId === undefined && autoSelect === false)
      throw new DurastackError('INVALID_INPUT', 'Name a host (hostid), or let one be chosen (autoselect=true).');
    if (hostId !== undefined && autoSelect === true)
      throw new DurastackError('INVALID_INPUT', 'Give either hostid or autoselect=true, not both.');
    return acceptVmOperation(this.platform, call, {
      command: migrateVirtualMachine,
      vmId,
      input: hostId === undefined ? {} : { hostId },
      locks: [
        ...(hostId === undefined ? [] : [{ type: 'host', id: hostId } as const]),
        ...(await networksOf(this.platform, vmId)),
      ],
      write: (tx) => checkNow(tx, vmId, hostId),
    });
  }
}

/**
 * What can be told at once. Behind another operation on the machine nothing can: it waits, and is judged when it begins.
 */
async function checkNow(tx: Tx, vmId: string, hostId: string | undefined): Promise<void> {
  const [row] = await tx.query<{ state: string; operations: number }>(
    `SELECT v.state, (SELECT COUNT(*) FROM operation_lock l WHERE l.resource_type = 'virtual-machine' AND l.resource_id = v.id) AS operations
       FROM virtual_machine v WHERE v.id = ?`,
    [vmId],
  );
  if (!row || Number(row.operations) > 0) return;
  if (row.state !== 'Running')
    throw new DurastackError(
      'NOT_ALLOWED_IN_STATE',
      `Only a running machine can be migrated; ${vmId} is ${row.state}. Disks of a stopped one go by migrateVirtualMachineWithVolume.`,
    );
  const needs = (await readNeeds(tx, [vmId])).get(vmId);
  if (!needs || hostId === undefined) return;
  const snapshot = await readDestinations(tx, OVERCOMMIT, needs, hostId);
  const judged = judgeHosts(snapshot, needs, 'migrate').find(({ host }) => host.id === hostId);
  if (!judged) throw new DurastackError('INVALID_INPUT', `The host ${hostId} is not in use in the machine's zone.`);
  const { host, reasons, storageMotion } = judged;
  const refuse = (code: 'INVALID_INPUT' | 'NO_CAPACITY', why: string): never => {
    throw new DurastackError(code, `${needs.name} cannot be migrated to ${host.name}: that host ${why}.`);
  };
  const [first] = reasons;
  if (first) refuse(first.kind === 'memory' || first.kind === 'cpu' ? 'NO_CAPACITY' : 'INVALID_INPUT', first.text);
  if (storageMotion)
    refuse('INVALID_INPUT', 'does not reach the pool of a disk; use migrateVirtualMachineWithVolume to move it too');
}
