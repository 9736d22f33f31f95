import { deployVirtualMachine } from '@durastack/contracts/compute/deploy-virtual-machine';
import { splitDetails } from '@durastack/contracts/compute/machine-size';
import type { ResourceRef } from '@durastack/contracts/resources';
import { DurastackError } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import { freeAddresses, isUsable } from '@durastack/model/network/address-plan';
import { checkHaPriority } from '@durastack/store/compute/ha-priority';
import { readOffering } from '@durastack/store/compute/vm-size';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { ownerOf } from '@durastack/store/identity/access';
import { ensureInstanceGroup } from '@durastack/store/compute/instance-groups';
import { putDetails } from '@durastack/store/identity/described';
import { holdToLimits } from '@durastack/store/identity/limits';
import { writeNics } from '@durastack/store/network/nic-plan';
import { accept } from '@durastack/store/operations/accept';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { joinGroups, readGroups } from './affinity-group-checks.js';
import { hostNameOf, pickNetworks, readKeyPairs, readTemplate } from './deploy-checks.js';
import { writeDataVolume, writeRootVolume, type DeployParams, type DeployPlan } from './deploy-root-volume.js';
import { checkUserData, userDataColumns } from './user-data.js';
import { requestedHost } from './vm-operation.js';

/** Accepts a deploy: every id, address and name that it will use is written here, before anything is done. */
@Handles(deployVirtualMachine)
export class DeployVirtualMachineHandler implements CommandHandler<typeof deployVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: DeployParams): Promise<StartedOperation> {
    const tx = autocommit(this.platform.database);
    const owner = await ownerOf(tx, call.caller, params);
    // To others a refused id would tell that it is somebody's.
    if (params.customId !== undefined && call.caller.role !== 'admin')
      throw new DurastackError('FORBIDDEN', 'Only the root administrator may choose the id (customid).');
    const vmId = params.customId ?? newId();
    const { haPriority: priority, serviceOfferingId } = params;
    await checkHaPriority(tx, call.caller, { priority, serviceOfferingId });
    const host = requestedHost(call, params.hostId);
    checkUserData(params);
    const networks = await pickNetworks(tx, { owner, params });
    const plan: DeployPlan = { vmId, name: hostNameOf(params.name, vmId), owner, networks };
    const vm: ResourceRef = { type: 'virtual-machine', id: vmId };
    const starts = params.startVm !== false;
    return accept(this.platform.database, {
      command: deployVirtualMachine,
      caller: call.caller,
      owner,
      resource: vm,
      resourceName: plan.name,
      zoneId: params.zoneId,
      locks: [
        vm,
        { type: 'template', id: params.templateId },
        ...host,
        ...networks.map(({ id }): ResourceRef => ({ type: 'network', id })),
      ],
      input: { startVm: starts },
      ...(starts ? {} : { lifecycle: { succeed: 'CreatedStopped', undo: 'DeployUndone' } }),
      write: (inner) => this.write(inner, call, { params, plan }),
    });
  }

  private async write(tx: Tx, call: Call, { params, plan }: { params: DeployParams; plan: DeployPlan }): Promise<void> {
    const { size: choice, free } = splitDetails(params.details);
    const size = await readOffering(tx, { serviceOfferingId: params.serviceOfferingId, size: choice });
    const template = await readTemplate(tx, {
      caller: call.caller,
      owner: plan.owner,
      templateId: params.templateId,
      zoneId: params.zoneId,
    });
    const groupIds = await readGroups(tx, plan.owner.accountId, params);
    const keys = await readKeyPairs(tx, plan.owner.accountId, params);
    const { vmId, name, owner } = plan;
    const { instance } = this.platform.settings;
    const machine = { vmId, accountId: owner.accountId, params };
    await insertRow(tx, 'virtual_machine', {
      ...{ id: vmId, name, display_name: params.displayName ?? name },
      instance_name: `${instance}-i-${vmId.replaceAll('-', '').slice(-16)}`,
      ...{ account_id: owner.accountId, domain_id: owner.domainId, user_id: call.caller.userId },
      ...{ zone_id: params.zoneId, requested_host_id: params.hostId, template_id: params.templateId },
      ...{ service_offering_id: params.serviceOfferingId, cpu_count: size.vcpus, cpu_mhz: size.cpuMhz },
      ...{ memory_mib: size.memoryMib, state: 'Starting', desired_power: params.startVm === false ? 'off' : 'on' },
      ...{
        observed_power: 'absent',
        group_name: params.group,
        public_keys: keys.publicKeys,
        key_pair_names: keys.names,
      },
      ...{ display_vm: params.displayVm ?? true, ha_priority: params.haPriority, created_at: new Date() },
      ...(await userDataColumns(tx, this.platform.secrets, machine)),
    });
    await writeRootVolume(tx, { params, plan, template });
    await writeDataVolume(tx, { params, plan });
    await joinGroups(tx, vmId, groupIds);
    await ensureInstanceGroup(tx, params.group, owner);
    await writeNics(tx, { isUsable, freeAddresses }, { vmId, instance, networks: plan.networks });
    await describe(tx, { vmId, accountId: owner.accountId, details: free, tags: params.tags });
    await holdToLimits(tx, owner.accountId, ['user_vm', 'cpu', 'memory', 'volume', 'primary_storage']);
  }
}

async function describe(
  tx: Tx,
  machine: { vmId: string; accountId: string } & Pick<DeployParams, 'details' | 'tags'>,
): Promise<void> {
  const { vmId, accountId, details = {}, tags = {} } = machine;
  await putDetails(tx, { type: 'virtual-machine', id: vmId }, { details, forDisplay: true });
  for (const [key, value] of Object.entries(tags)) {
    await tx.execute(
      "INSERT INTO resource_tag (resource_type, resource_id, `key`, value, account_id) VALUES ('virtual-machine', ?, ?, ?, ?)",
      [vmId, key, value, accountId],
    );
  }
}
