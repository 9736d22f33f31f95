import { migrateVirtualMachine } from '@durastack/contracts/compute/migrate-virtual-machine';
import { stopVirtualMachine } from '@durastack/contracts/compute/stop-virtual-machine';
import { isDurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import type { WayOff } from '@durastack/model/maintenance/decide-drain';
import { acceptVmOperation, readNetworksOf } from '@durastack/store/compute/accept-vm-operation';
import { autocommit } from '@durastack/store/database/transaction';
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

/** Accepts the operation that takes a machine off its host, as a child; a machine that has gone needs none. */
export async function askToLeave(source: DataSource, leaving: Leaving): Promise<void> {
  const { step, operation, index, hostId, vmId, way } = leaving;
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
        command: way === 'stop' ? stopVirtualMachine : migrateVirtualMachine,
        vmId,
        locks: way === 'stop' ? [] : await readNetworksOf(tx, vmId),
        input: { fromHostId: hostId },
        ...(way === 'stop' ? { desiredPower: 'off' } : {}),
        parent: { operationId: operation.id, index },
        // A late attempt of a run that is over asks for nothing more.
        write: (inner) => noteStep(inner, step),
      },
    );
  } catch (error) {
    if (!isDurastackError(error, 'NOT_FOUND')) throw error;
  }
}
