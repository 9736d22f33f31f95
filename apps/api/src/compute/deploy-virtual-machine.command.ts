import { deployVirtualMachine } from '@durastack/contracts/compute/deploy-virtual-machine';
import type { ResourceRef } from '@durastack/contracts/resources';
import { DurastackError } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import { checkHaPriority } from '@durastack/store/compute/ha-priority';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { ownerOf } from '@durastack/store/identity/access';
import { ensureInstanceGroup } from '@durastack/store/compute/instance-groups';
import { holdToLimits } from '@durastack/store/identity/limits';
import { accept } from '@durastack/store/operations/accept';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { joinGroups, readGroups } from './affinity-group-checks.js';
import { checkUserData, hostNameOf, pickNetworks, readKeyPairs, readSize, readTemplate } from './deploy-checks.js';
import { writeDataVolume, writeRootVolume, type DeployParams, type DeployPlan } from './deploy-root-volume.js';
import { writeNics } from './nic-plan.js';
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
    checkUserData(params.userData);
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
    const size = await readSize(tx, params.serviceOfferingId);
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
    const userData = params.userData ? this.platform.secrets.seal(params.userData, `virtual-machine:${vmId}`) : null;
    await tx.execute(
      `INSERT INTO virtual_machine (id, name, display_name, instance_name, account_id, domain_id, user_id, zone_id, requested_host_id, template_id,
         service_offering_id, cpu_count, cpu_mhz, memory_mib, state, desired_power, observed_power, group_name, user_data_sealed, public_keys, key_pair_names,
         display_vm, ha_priority, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'Starting', ?, 'absent', ?, ?, ?, ?, ?, ?, NOW(3))`,
      [
        vmId,
        name,
        params.displayName ?? name,
        `${instance}-i-${vmId.replaceAll('-', '').slice(-16)}`,
        owner.accountId,
        owner.domainId,
        call.caller.userId,
        params.zoneId,
        params.hostId ?? null,
        params.templateId,
        params.serviceOfferingId,
        size.cpuCount,
        size.cpuMhz,
        size.memoryMib,
        params.startVm === false ? 'off' : 'on',
        params.group ?? null,
        userData,
        keys.publicKeys,
        keys.names,
        params.displayVm ?? true,
        params.haPriority ?? null,
      ],
    );
    await writeRootVolume(tx, { params, plan, template });
    await writeDataVolume(tx, { params, plan });
    await joinGroups(tx, vmId, groupIds);
    await ensureInstanceGroup(tx, params.group, owner);
    await writeNics(tx, { vmId, instance, networks: plan.networks });
    await writeTags(tx, { vmId, accountId: owner.accountId, tags: params.tags ?? {} });
    await holdToLimits(tx, owner.accountId, ['user_vm', 'cpu', 'memory', 'volume', 'primary_storage']);
  }
}

async function writeTags(
  tx: Tx,
  { vmId, accountId, tags }: { vmId: string; accountId: string; tags: Readonly<Record<string, string>> },
): Promise<void> {
  for (const [key, value] of Object.entries(tags)) {
    await tx.execute(
      "INSERT INTO resource_tag (resource_type, resource_id, `key`, value, account_id) VALUES ('virtual-machine', ?, ?, ?, ?)",
      [vmId, key, value, accountId],
    );
  }
}
