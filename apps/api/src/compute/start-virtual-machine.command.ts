import type { ParamsOf } from '@durastack/contracts/command';
import { startVirtualMachine } from '@durastack/contracts/compute/start-virtual-machine';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptVmOperation, networksOf, requestedHost } from './vm-operation.js';

/** Starts a stopped machine, where there is room or on the host that an administrator asks for. */
@Handles(startVirtualMachine)
export class StartVirtualMachineHandler implements CommandHandler<typeof startVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof startVirtualMachine>): Promise<StartedOperation> {
    const host = requestedHost(call, params.hostId);
    return acceptVmOperation(this.platform, call, {
      command: startVirtualMachine,
      vmId: params.id,
      desiredPower: 'on',
      locks: [...host, ...(await networksOf(this.platform, params.id))],
      write: async (tx) =>
        void (await tx.execute('UPDATE virtual_machine SET requested_host_id = ? WHERE id = ?', [
          params.hostId ?? null,
          params.id,
        ])),
    });
  }
}
