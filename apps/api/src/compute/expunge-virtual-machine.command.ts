import type { ParamsOf } from '@durastack/contracts/command';
import { expungeVirtualMachine } from '@durastack/contracts/compute/expunge-virtual-machine';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptVmOperation } from './vm-operation.js';

/** Removes a machine, its disks and its addresses for good. */
@Handles(expungeVirtualMachine)
export class ExpungeVirtualMachineHandler implements CommandHandler<typeof expungeVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  execute(call: Call, params: ParamsOf<typeof expungeVirtualMachine>): Promise<StartedOperation> {
    return acceptVmOperation(this.platform, call, {
      command: expungeVirtualMachine,
      vmId: params.id,
      desiredPower: 'off',
    });
  }
}
