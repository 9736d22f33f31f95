import { migrateVirtualMachine } from '@durastack/contracts/compute/migrate-virtual-machine';
import { migrateVirtualMachineWithVolume } from '@durastack/contracts/compute/migrate-virtual-machine-with-volume';
import { stopVirtualMachine } from '@durastack/contracts/compute/stop-virtual-machine';
import { isDurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import type { WayOff } from '@durastack/model/maintenance/decide-drain';
import { acceptVmOperation, readNetworksOf, type VmOperation } from '@durastack/store/compute/accept-vm-operation';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { callerOfOperation } from '@durastack/store/identity/operation-caller';
import type { OperationRow } from '@durastack/store/operations/operation-row';
import { noteStep } from '@durastack/store/operations/run';
import type { DataSource } from 'typeorm';

/** A machine that is to leave a host. */
export interface Leaving {
  readonly step: StepRef;
  readonly operation: OperationRow;
  readonly index: number;
  readonly hostId: string;
  readonly vmId: string;
  readonly way: WayOff;
}

/** What is asked of a machine that leaves in its way. */
async function orderOf(
  tx: Tx,
  { way, vmId, hostId: fromHostId }: Leaving,
): Promise<Pick<VmOperation, 'command' | 'locks' | 'input' | 'desiredPower'>> {
  if (way === 'stop') return { command: stopVirtualMachine, input: { fromHostId }, desiredPower: 'off' };
  const networks = await readNetworksOf(tx, vmId);
  if (way === 'migrate') return { command: migrateVirtualMachine, locks: networks, input: { fromHostId } };
  const volumes = await tx.query<{ id: string }>("SELECT id FROM volume WHERE vm_id = ? AND state <> 'Expunged'", [
    vmId,
  ]);
  return {
    command: migrateVirtualMachineWithVolume,
    locks: [...networks, ...volumes.map(({ id }) => ({ type: 'volume', id }) as const)],
    input: { fromHostId, migrateTo: {}, running: true },
  };
}

/** Accepts the operation that takes a machine off its host, as a child; a machine that has gone needs none. */
export async function askToLeave(source: DataSource, leaving: Leaving): Promise<void> {
  const { step, operation, index, vmId } = leaving;
  const tx = autocommit(source);
  const [owner] = await tx.query<{ accountId: string; domainId: string }>(
    'SELECT account_id AS accountId, domain_id AS domainId FROM virtual_machine WHERE id = ?',
    [vmId],
  );
  if (!owner) return;
  const caller = await callerOfOperation(tx, operation);
  try {
    await acceptVmOperation(
      source,
      { caller, owner },
      {
        vmId,
        ...(await orderOf(tx, leaving)),
        parent: { operationId: operation.id, index },
        // A late attempt of a run that is over asks for nothing more.
        write: (inner) => noteStep(inner, step),
      },
    );
  } catch (error) {
    if (!isDurastackError(error, 'NOT_FOUND')) throw error;
  }
}
