import { stopVirtualMachine } from '@durastack/contracts/compute/stop-virtual-machine';
import { isDurastackError } from '@durastack/contracts/errors';
import { autocommit } from '@durastack/store/database/transaction';
import type { Call } from '../face/call.js';
import type { Platform } from '../platform.js';
import { acceptVmOperation } from './vm-operation.js';

/**
 * Asks every machine of an account that runs, or is about to, to stop: each by an operation of its own, behind what is
 * on its way there. One that cannot be asked does not keep the others running.
 */
export async function stopMachinesOf(platform: Platform, call: Call, accountId: string): Promise<void> {
  const machines = await autocommit(platform.database).query<{ id: string }>(
    "SELECT id FROM virtual_machine WHERE account_id = ? AND state IN ('Running', 'Starting', 'Migrating') ORDER BY id",
    [accountId],
  );
  for (const { id } of machines) {
    const stop = { command: stopVirtualMachine, vmId: id, desiredPower: 'off', input: { forced: false } } as const;
    try {
      await acceptVmOperation(platform, call, stop);
    } catch (error) {
      // Gone meanwhile, or held by what an administrator has to look at.
      if (!isDurastackError(error)) throw error;
      platform.log.warn({ error, vmId: id, accountId }, 'a machine of an account that was disabled was not stopped');
    }
  }
}
