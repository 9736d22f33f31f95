import type { ParamsOf } from '@durastack/contracts/command';
import { expungeVirtualMachine } from '@durastack/contracts/compute/expunge-virtual-machine';
import { destroyVirtualMachine } from '@durastack/contracts/compute/destroy-virtual-machine';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptVmOperation } from './vm-operation.js';

/** Destroys a machine; with expunge it is removed for good, which is the other operation. */
@Handles(destroyVirtualMachine)
export class DestroyVirtualMachineHandler implements CommandHandler<typeof destroyVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  execute(call: Call, params: ParamsOf<typeof destroyVirtualMachine>): Promise<StartedOperation> {
    return acceptVmOperation(this.platform, call, {
      command: params.expunge ? expungeVirtualMachine : destroyVirtualMachine,
      vmId: params.id,
      desiredPower: 'off',
    });
  }
}
