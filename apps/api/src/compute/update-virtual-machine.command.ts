import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { splitDetails } from '@durastack/contracts/compute/machine-size';
import { updateVirtualMachine } from '@durastack/contracts/compute/update-virtual-machine';
import { DurastackError } from '@durastack/contracts/errors';
import { checkHaPriority } from '@durastack/store/compute/ha-priority';
import { requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { ensureInstanceGroup } from '@durastack/store/compute/instance-groups';
import { requireAccess } from '@durastack/store/identity/access';
import { replaceDetails } from '@durastack/store/identity/described';
import { virtualMachines } from '@durastack/store/lists/compute/virtual-machines.list';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { hostNameOf } from './deploy-checks.js';
import { requireIdleVm } from './idle-vm.js';
import { checkUserData, userDataColumns } from './user-data.js';

/** Changes a machine's names, group, priority, details and user data. */
@Handles(updateVirtualMachine)
export class UpdateVirtualMachineHandler implements CommandHandler<typeof updateVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof updateVirtualMachine>,
  ): Promise<ResultOf<typeof updateVirtualMachine>> {
    const { database, secrets } = this.platform;
    const vm = { type: 'virtual-machine', id: params.id } as const;
    checkUserData(params);
    refuseSize(params.details);
    const name = params.name === undefined ? undefined : hostNameOf(params.name, params.id);
    const owner = await requireAccess(autocommit(database), call.caller, vm);
    await transaction(database, async (tx) => {
      const { accountId } = owner;
      const userData = await userDataColumns(tx, secrets, { vmId: params.id, accountId, params });
      const isReadBySteps = name !== undefined || Object.keys(userData).length > 0;
      const row = isReadBySteps
        ? await requireIdleVm(tx, params.id, { what: 'name and userdata' })
        : await requireRow<{ service_offering_id: string }>(tx, vm, { where: "state <> 'Expunged'", lock: 'update' });
      await checkHaPriority(tx, call.caller, {
        priority: params.haPriority,
        serviceOfferingId: row.service_offering_id,
      });
      await ensureInstanceGroup(tx, params.group, owner);
      if (params.details !== undefined || params.cleanupDetails === true)
        await replaceDetails(tx, vm, params.details ?? {});
      await updateRow(tx, vm, {
        name,
        display_name: params.displayName,
        group_name: params.group === '' ? null : params.group,
        display_vm: params.displayVm,
        ha_priority: params.haPriority,
        ...userData,
      });
    });
    return readOne(autocommit(database), virtualMachines, call.caller, params.id);
  }
}

function refuseSize(details: Readonly<Record<string, string>> | undefined): void {
  const [name] = Object.keys(splitDetails(details).size);
  if (name !== undefined)
    throw new DurastackError(
      'INVALID_INPUT',
      `details: ${name} is no free detail; another size is given by scaleVirtualMachine.`,
    );
}
