import type { ParamsOf } from '@durastack/contracts/command';
import { rebootVirtualMachine } from '@durastack/contracts/compute/reboot-virtual-machine';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptVmOperation } from './vm-operation.js';

/** Reboots a machine: by its power button, or at once when forced. */
@Handles(rebootVirtualMachine)
export class RebootVirtualMachineHandler implements CommandHandler<typeof rebootVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  execute(call: Call, params: ParamsOf<typeof rebootVirtualMachine>): Promise<StartedOperation> {
    return acceptVmOperation(this.platform, call, {
      command: rebootVirtualMachine,
      vmId: params.id,
      desiredPower: 'on',
      input: { forced: params.forced ?? false },
    });
  }
}
