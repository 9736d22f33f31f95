/**
 * How each operation comes about: by the very handler that serves the API, on a ground that is ready for it; and what
 * it may leave behind when it is undone.
 *
 * Every workflow needs one here; the matrix says so when it is missing.
 */
import { MigrateVirtualMachineHandler } from '@durastack/api/compute/migrate-virtual-machine.command';
import { RebootVirtualMachineHandler } from '@durastack/api/compute/reboot-virtual-machine.command';
import { RestoreVirtualMachineHandler } from '@durastack/api/compute/restore-virtual-machine.command';
import { StartVirtualMachineHandler } from '@durastack/api/compute/start-virtual-machine.command';
import { CreateTemplateHandler } from '@durastack/api/image/create-template.command';
import { DeleteIsoHandler } from '@durastack/api/image/delete-iso.command';
import { DeleteTemplateHandler } from '@durastack/api/image/delete-template.command';
import { DeleteHostHandler } from '@durastack/api/infra/delete-host.command';
import { ReconnectHostHandler } from '@durastack/api/infra/reconnect-host.command';
import { DeleteNetworkHandler } from '@durastack/api/network/delete-network.command';
import { DeleteStoragePoolHandler } from '@durastack/api/storage/delete-storage-pool.command';
import { DeleteVolumeHandler } from '@durastack/api/storage/delete-volume.command';
import { DEFAULT_OS_TYPE_ID } from '@durastack/contracts/compute/os-types';
import { SHARED_VXLAN_OFFERING_ID } from '@durastack/contracts/network/network-offerings';
import { DetachVolumeHandler } from '@durastack/api/storage/detach-volume.command';
import { ResizeVolumeHandler } from '@durastack/api/storage/resize-volume.command';
import {
  addHost,
  createNetwork,
  createPool,
  deploy,
  deployed,
  expunge,
  goFirst,
  only,
  putNetworkOn,
  registerIso,
  registerTemplate,
  settle,
  stop,
  type Ground,
  type Started,
} from './ground.js';

import { destroyWithDisks, machineWithDisk } from './vm-with-disk-ground.js';
import {
  addIp,
  addNic,
  machineBesideNetwork,
  machineWithNics,
  machineWithSecondaryIp,
  removeIp,
  removeNic,
} from './nic-ground.js';
import { attach as attachDisc, detach as detachDisc, machineBesideIso, machineWithIso } from './disc-ground.js';
import { scalableVm, scale } from './scale-ground.js';
import { attach, attachedVolume, createVolume, detachedVolume, machineAndVolume } from './volume-ground.js';
import { deadHost, failOver, failOverVm, IS_STOPPED, lostVm, reinstate, returnedHost } from './ha-ground.js';
import { balance, IS_BALANCED } from './drs-ground.js';
import { diskOnItsPool, migrateToOtherPool } from './migrate-volume-ground.js';
import {
  machineOnItsDisk,
  migrateIntoCeph,
  migrateWithDisk,
  stoppedMachineOnItsDisk,
} from './migrate-with-volume-ground.js';
import {
  cancelMaintenance,
  HAS_LEFT,
  maintain,
  maintainedHost,
  occupiedHost,
  prepareHost,
  rollOver,
} from './maintenance-ground.js';
import {
  DISK_IS_GONE,
  MACHINE_IS_GONE,
  removeAccount,
  removeDomain,
  removeProject,
  richAccount,
  richDomain,
  richProject,
} from './removal-ground.js';
import { changeControllerPassword, controlledHost, switchOff } from './oobm-ground.js';
import { StopVirtualMachineHandler } from '@durastack/api/compute/stop-virtual-machine.command';

/** One operation: what must be there before, and how it is asked for. */
export interface Scenario {
  /** Brings about what the operation acts on; gives its id. */
  readonly prepare?: (ground: Ground) => Promise<string>;
  /** Accepts the operation. `id` is what `prepare` gave. */
  readonly accept: (ground: Ground, id: string) => Promise<Started>;
  /**
   * What may differ from before when it was undone; all else must be as it was. Lines as `world-snapshot.ts` writes
   * them. Each is a promise of the workflow's docstring.
   */
  readonly undone: readonly string[];
}

const byVm =
  (
    handler: new (platform: Ground['world']['platform']) => {
      execute(call: Ground['world']['call'], params: { id: string }): Promise<Started>;
    },
  ) =>
  (ground: Ground, id: string) =>
    new handler(ground.world.platform).execute(ground.world.call, { id });

/** By workflow name. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  deployVirtualMachine: {
    accept: deploy,
    undone: ['+ virtual_machine Error', '+ volume Allocated', '+ nic'],
  },
  startVirtualMachine: {
    prepare: async (ground) => {
      const id = await deployed(ground);
      await settle(ground, 'stopVirtualMachine', await stop(ground, id));
      await attachedVolume(ground);
      return id;
    },
    accept: byVm(StartVirtualMachineHandler),
    // A disk that was made stays, on its pool; also when the machine is expunged next, which gives as much room back.
    undone: [
      '~ volume state: Allocated → Ready',
      '~ volume pool_id: none → storage_pool',
      '+ disk volume in storage_pool',
      '+ reservation volume volume storage_pool',
      '~ storage_pool reserved_bytes: by 1073741824',
      '~ storage_pool reserved_bytes: by -1073741824',
    ],
  },
  stopVirtualMachine: {
    prepare: deployed,
    accept: byVm(StopVirtualMachineHandler),
    // The guest obeyed the power button, which cannot be taken back.
    undone: [
      '~ virtual_machine state: Running → Stopped',
      '~ virtual_machine observed_power: running → off',
      '~ domain virtual_machine on host power: running → off',
    ],
  },
  rebootVirtualMachine: {
    prepare: deployed,
    accept: byVm(RebootVirtualMachineHandler),
    // As with stop.
    undone: [
      '~ virtual_machine state: Running → Stopped',
      '~ virtual_machine observed_power: running → off',
      '~ domain virtual_machine on host power: running → off',
    ],
  },
  restoreVirtualMachine: {
    prepare: machineWithDisk,
    accept: ({ world }, id) =>
      new RestoreVirtualMachineHandler(world.platform).execute(world.call, { virtualMachineId: id }),
    // Its guest was stopped, and runs again.
    undone: [],
  },
  addNicToVirtualMachine: { prepare: machineBesideNetwork, accept: addNic, undone: [] },
  removeNicFromVirtualMachine: { prepare: machineWithNics, accept: removeNic, undone: [] },
  addIpToNic: { prepare: deployed, accept: addIp, undone: [] },
  removeIpFromNic: { prepare: machineWithSecondaryIp, accept: removeIp, undone: [] },
  attachIso: { prepare: machineBesideIso, accept: attachDisc, undone: [] },
  detachIso: { prepare: machineWithIso, accept: detachDisc, undone: [] },
  migrateVirtualMachine: {
    prepare: machineWithIso,
    accept: ({ world }, id) =>
      new MigrateVirtualMachineHandler(world.platform).execute(world.call, { virtualMachineId: id }),
    undone: [],
  },
  'migrateVirtualMachine by post-copy': {
    prepare: async (ground) => {
      await goFirst(ground, true);
      return deployed(ground);
    },
    accept: ({ world }, id) =>
      new MigrateVirtualMachineHandler(world.platform).execute(world.call, { virtualMachineId: id }),
    undone: [],
  },
  migrateVirtualMachineWithVolume: { prepare: machineOnItsDisk, accept: migrateWithDisk, undone: [] },
  'migrateVirtualMachineWithVolume into Ceph': { prepare: machineOnItsDisk, accept: migrateIntoCeph, undone: [] },
  'migrateVirtualMachineWithVolume at rest': {
    prepare: stoppedMachineOnItsDisk,
    accept: migrateWithDisk,
    undone: [],
  },
  destroyVirtualMachine: { prepare: machineWithDisk, accept: (ground, id) => destroyWithDisks(ground, id), undone: [] },
  expungeVirtualMachine: {
    prepare: machineWithDisk,
    accept: (ground, id) => destroyWithDisks(ground, id, true),
    undone: [],
  },
  addHost: {
    accept: addHost,
    // A host that is not used has the folders of the pools in its reach, empty.
    undone: ['+ host Error', '+ folders storage_pool on host'],
  },
  deleteHost: {
    prepare: async (ground) => {
      const id = await settle(ground, 'addHost', await addHost(ground));
      await putNetworkOn(ground, id);
      return id;
    },
    accept: ({ world }, id) => new DeleteHostHandler(world.platform).execute(world.call, { id }),
    // Until its next heartbeat; networks come back with the first machine that needs them.
    undone: ['~ host state: Up → Disconnected', '- network_on_host host network', '- bridge network on host'],
  },
  reconnectHost: {
    prepare: (ground) => Promise.resolve(ground.hostIds[0]!),
    accept: ({ world }, id) => new ReconnectHostHandler(world.platform).execute(world.call, { id }),
    undone: [],
  },
  // Machines that have left stay where they are.
  prepareHostForMaintenance: { prepare: occupiedHost, accept: prepareHost, undone: HAS_LEFT },
  maintainHost: { prepare: occupiedHost, accept: maintain, undone: HAS_LEFT },
  cancelHostMaintenance: { prepare: maintainedHost, accept: cancelMaintenance, undone: [] },
  startRollingMaintenance: { prepare: occupiedHost, accept: rollOver, undone: HAS_LEFT },
  executeClusterDrsPlan: { prepare: occupiedHost, accept: balance, undone: IS_BALANCED },
  issueOutOfBandManagementPowerAction: {
    prepare: controlledHost,
    accept: switchOff,
    // A switch is not taken back unasked.
    undone: [
      '~ out_of_band_management power_state: Unknown → On',
      '~ out_of_band_management power_state: Unknown → Off',
      '~ out_of_band_management last_action: none → OFF',
    ],
  },
  changeOutOfBandManagementPassword: { prepare: controlledHost, accept: changeControllerPassword, undone: [] },
  failOverHost: { prepare: deadHost, accept: failOver, undone: [] },
  // What it still held is dead, and goes.
  reinstateHost: {
    prepare: returnedHost,
    accept: reinstate,
    undone: ['- host_fence', '- host_obligation', '- domain virtual_machine on host'],
  },
  failOverVirtualMachine: { prepare: lostVm, accept: failOverVm, undone: IS_STOPPED },
  createStoragePool: {
    accept: createPool,
    undone: ['+ storage_pool Error'],
  },
  deleteStoragePool: {
    prepare: async (ground) => {
      const id = await settle(ground, 'createStoragePool', await createPool(ground));
      await only(ground, { table: 'storage_pool', id }, async () => expunge(ground, await deployed(ground)));
      return id;
    },
    accept: ({ world }, id) => new DeleteStoragePoolHandler(world.platform).execute(world.call, { id }),
    undone: [],
  },
  migrateVolume: { prepare: diskOnItsPool, accept: migrateToOtherPool, undone: [] },
  registerTemplate: {
    accept: registerTemplate,
    undone: ['+ template Error'],
  },
  createTemplate: {
    prepare: async (ground) => {
      const id = await deployed(ground);
      return settle(ground, 'stopVirtualMachine', await stop(ground, id));
    },
    accept: ({ world }, virtualMachineId) =>
      new CreateTemplateHandler(world.platform).execute(world.call, {
        ...{ name: 'of a disk', osTypeId: DEFAULT_OS_TYPE_ID, virtualMachineId },
      }),
    undone: ['+ template Error'],
  },
  deleteTemplate: {
    prepare: async (ground) => {
      const templateId = await settle(ground, 'registerTemplate', await registerTemplate(ground));
      await expunge(ground, await deployed({ ...ground, templateId }));
      return templateId;
    },
    accept: ({ world }, id) => new DeleteTemplateHandler(world.platform).execute(world.call, { id }),
    undone: [],
  },
  registerIso: { accept: registerIso, undone: ['+ template Error'] },
  deleteIso: {
    prepare: async (ground) => settle(ground, 'registerIso', await registerIso(ground)),
    accept: ({ world }, id) => new DeleteIsoHandler(world.platform).execute(world.call, { id }),
    undone: [],
  },
  scaleVirtualMachine: {
    prepare: scalableVm,
    accept: scale,
    // A guest cannot be made to give back what it has.
    undone: ['~ domain virtual_machine on host size: 1 x 512 → 2 x 768'],
  },
  createVolume: { accept: createVolume, undone: ['+ volume Expunged'] },
  attachVolume: { prepare: machineAndVolume, accept: attach, undone: [] },
  detachVolume: {
    prepare: async (ground) => {
      await deployed(ground);
      return attachedVolume(ground);
    },
    accept: ({ world }, id) => new DetachVolumeHandler(world.platform).execute(world.call, { id }),
    undone: [],
  },
  resizeVolume: {
    prepare: async (ground) => {
      await deployed(ground);
      return attachedVolume(ground);
    },
    accept: ({ world }, id) => new ResizeVolumeHandler(world.platform).execute(world.call, { id, size: 3 }),
    // A disk is never made smaller.
    undone: ['~ disk volume in storage_pool size: 1073741824 → 3221225472'],
  },
  deleteVolume: {
    prepare: detachedVolume,
    accept: ({ world }, id) => new DeleteVolumeHandler(world.platform).execute(world.call, { id }),
    undone: [],
  },
  deleteAccount: { prepare: richAccount, accept: removeAccount, undone: MACHINE_IS_GONE },
  deleteProject: { prepare: richProject, accept: removeProject, undone: DISK_IS_GONE },
  deleteDomain: { prepare: richDomain, accept: removeDomain, undone: [] },
  deleteNetwork: {
    prepare: async (ground) => {
      const networkId = await createNetwork(ground, SHARED_VXLAN_OFFERING_ID);
      await expunge(ground, await deployed({ ...ground, networkId }));
      return networkId;
    },
    accept: ({ world }, id) => new DeleteNetworkHandler(world.platform).execute(world.call, { id }),
    undone: [],
  },
};

/** Other ways through a workflow, with scenarios of their own, and the step that does something else then. */
export const OTHER_WAYS: Readonly<Record<string, { readonly workflow: string; readonly step: string }>> = {
  'migrateVirtualMachine by post-copy': { workflow: 'migrateVirtualMachine', step: 'Copy memory and switch over' },
  'migrateVirtualMachineWithVolume into Ceph': {
    workflow: 'migrateVirtualMachineWithVolume',
    step: 'Copy disks and memory and switch over',
  },
  'migrateVirtualMachineWithVolume at rest': {
    workflow: 'migrateVirtualMachineWithVolume',
    step: 'Copy disks that nobody uses',
  },
};

/** The scenarios that are missing, each as what to do about it. */
export function missingScenarios(workflows: Iterable<string>): string[] {
  return [...workflows]
    .filter((name) => !(name in SCENARIOS))
    .map(
      (name) =>
        `The workflow ${name} has no scenario: add one under its name to SCENARIOS in test/src/crash/scenarios.ts, which accepts the operation by its command's handler and says what may differ when it was undone (docs/adding-an-operation.md, section 6).`,
    );
}
