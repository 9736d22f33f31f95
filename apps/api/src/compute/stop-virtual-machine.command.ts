import type { ParamsOf } from '@durastack/contracts/command';
import { stopVirtualMachine } from '@durastack/contracts/compute/stop-virtual-machine';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptVmOperation } from './vm-operation.js';

/** Stops a machine: by its power button, or at once when forced. */
@Handles(stopVirtualMachine)
export class StopVirtualMachineHandler implements CommandHandler<typeof stopVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  execute(call: Call, params: ParamsOf<typeof stopVirtualMachine>): Promise<StartedOperation> {
    return acceptVmOperation(this.platform, call, {
      command: stopVirtualMachine,
      vmId: params.id,
      desiredPower: 'off',
      input: { forced: params.forced ?? false },
    });
  }
}
