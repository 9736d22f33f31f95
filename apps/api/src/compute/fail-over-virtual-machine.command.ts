import type { ParamsOf } from '@durastack/contracts/command';
import { failOverVirtualMachine } from '@durastack/contracts/compute/fail-over-virtual-machine';
import { DurastackError } from '@durastack/contracts/errors';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptVmOperation } from './vm-operation.js';

/** Accepts that a machine whose old copy is proven dead is started elsewhere. */
@Handles(failOverVirtualMachine)
export class FailOverVirtualMachineHandler implements CommandHandler<typeof failOverVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { id }: ParamsOf<typeof failOverVirtualMachine>): Promise<StartedOperation> {
    const [lost] = await autocommit(this.platform.database).query<{ lostId: string; lostHostId: string }>(
      `SELECT l.id AS lostId, l.host_id AS lostHostId FROM lost_machine l JOIN virtual_machine v ON v.id = l.vm_id AND v.host_id = l.host_id
        WHERE l.vm_id = ? AND l.proven_at IS NOT NULL AND l.settled = 0 ORDER BY l.id DESC LIMIT 1`,
      [id],
    );
    if (!lost)
      throw new DurastackError(
        'NOT_ALLOWED_IN_STATE',
        `Nothing proves that the virtual machine ${id} died with its host; a running one is moved by migrateVirtualMachine.`,
      );
    return acceptVmOperation(this.platform, call, {
      command: failOverVirtualMachine,
      vmId: id,
      input: { ...lost },
    });
  }
}
