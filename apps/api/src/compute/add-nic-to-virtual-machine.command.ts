import type { ParamsOf } from '@durastack/contracts/command';
import { addNicToVirtualMachine } from '@durastack/contracts/compute/add-nic-to-virtual-machine';
import { newId } from '@durastack/kit/ids/new-id';
import { requireRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { notFound, requireAccess } from '@durastack/store/identity/access';
import { requireChangeableNics, requireNewNic } from '@durastack/store/network/nic-changes';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { invalid } from '../face/text-faults.js';
import { anyHeld } from '../operations/held.js';
import { Platform } from '../platform.js';
import { usableNetworks } from './deploy-checks.js';
import { acceptVmOperation } from './vm-operation.js';

/** Accepts one more interface. Its address is taken when its turn has come: nobody holds one for a call that is cancelled. */
@Handles(addNicToVirtualMachine)
export class AddNicToVirtualMachineHandler implements CommandHandler<typeof addNicToVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof addNicToVirtualMachine>): Promise<StartedOperation> {
    const { virtualMachineId: vmId, networkId, ipAddress: ip } = params;
    const tx = autocommit(this.platform.database);
    const vm = { type: 'virtual-machine', id: vmId } as const;
    const owner = await requireAccess(tx, call.caller, vm, 'virtualmachineid');
    const row = await requireRow<{ zone_id: string }>(tx, vm, {
      parameter: 'virtualmachineid',
      where: "state <> 'Expunged'",
    });
    const usable = await usableNetworks(tx, owner, row.zone_id);
    if (!usable.some(({ id }) => id === networkId)) throw notFound('networkid', networkId);
    const mac = toMac(params.macAddress);
    return acceptVmOperation(this.platform, call, {
      command: addNicToVirtualMachine,
      vmId,
      input: {
        ...{ nicId: newId(), networkId, instance: this.platform.settings.instance },
        ...(ip ? { ip } : {}),
        ...(mac === undefined ? {} : { mac }),
      },
      locks: [{ type: 'network', id: networkId }],
      // Told at once where it is known: an earlier operation may change it.
      write: async (inner) => {
        if (await anyHeld(inner, [vm])) return;
        await requireChangeableNics(inner, vmId);
        await requireNewNic(inner, { vmId, networkId, mac });
      },
    });
  }
}

/** One machine's, in our spelling. INVALID_INPUT otherwise. */
function toMac(given: string | undefined): string | undefined {
  if (given === undefined || given === '') return undefined;
  const mac = given.toLowerCase().replaceAll('-', ':');
  if (/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/.test(mac) && mac !== '00:00:00:00:00:00') return mac;
  throw invalid('macAddress', `${given} is no MAC of one machine, like 02:00:5e:00:53:01.`);
}
