/**
 * How a machine comes to be in the middle of each type of operation while a host dies: by enumeration, over every
 * operation that locks a machine. A new one needs an entry in {@link DEATHS}.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_OS_TYPE_ID } from '@durastack/contracts/compute/os-types';
import { loadCatalogue } from '@durastack/kit/catalogue/load-catalogue';
import { deployParams, itemsOf, objectOf, registerIso, type Basis } from '../support/basis.js';
import type { Cloud } from '../support/cloud.js';
import { loadStepLists } from '../support/workflows.js';

type Params = Readonly<Record<string, string>>;

/** What is asked, and of which machine. */
export interface Asked {
  readonly command: string;
  readonly params: Params;
  /** Undefined: the one that it makes. */
  readonly vmId?: string;
}

/** One type of operation, as it meets the death of a host. */
export interface Death {
  /** Makes what it needs on the host that is going to die. */
  readonly prepare: (ground: DeathGround) => Promise<Asked>;
  /** Whether the machine ran, and HA has to start it elsewhere before anything that waits. */
  readonly heals: boolean;
}

/** Where machines are made. */
export class DeathGround {
  private made = 0;

  constructor(
    readonly cloud: Cloud,
    private readonly basis: Basis,
    /** It is going to die. */
    readonly hostId: string,
    /** It is not. */
    readonly otherHostId: string,
    private readonly offerings: { readonly small: string; readonly large: string },
  ) {}

  /** Makes something by a command; its id. */
  async make(command: string, params: Params): Promise<string> {
    return objectOf(await this.cloud.admin.callAndWait(command, params)).id;
  }

  /** Parameters of a deploy there. */
  deploying(hostid = this.hostId): Record<string, string> {
    return deployParams(this.basis, { hostid, serviceofferingid: this.offerings.small });
  }

  /** A machine that runs there. */
  running(hostId = this.hostId): Promise<string> {
    return this.make('deployVirtualMachine', this.deploying(hostId));
  }

  /** The same, stopped. */
  async stopped(): Promise<string> {
    const id = await this.running();
    await this.cloud.admin.callAndWait('stopVirtualMachine', { id });
    return id;
  }

  /** A data disk. */
  async disk(): Promise<string> {
    const [offering] = itemsOf(await this.cloud.admin.call('listDiskOfferings', { name: 'Custom' }));
    const { zoneId, poolId } = this.basis;
    return this.make('createVolume', {
      ...{ zoneid: zoneId, diskofferingid: String(offering?.id), size: '1', storageid: poolId },
    });
  }

  /** A machine that runs there with a data disk. */
  async withDisk(): Promise<{ vmId: string; diskId: string }> {
    const [vmId, diskId] = [await this.running(), await this.disk()];
    await this.cloud.admin.callAndWait('attachVolume', { id: diskId, virtualmachineid: vmId });
    return { vmId, diskId };
  }

  /** The root disk of a machine. */
  async rootOf(vmId: string): Promise<string> {
    const [disk] = itemsOf(await this.cloud.admin.call('listVolumes', { virtualmachineid: vmId, type: 'ROOT' }));
    return String(disk?.id);
  }

  /** One more pool that all hosts share. */
  async pool(): Promise<string> {
    this.made += 1;
    const name = `pool-${this.hostId}-${this.made}`;
    const path = join(this.cloud.directory, name);
    mkdirSync(path);
    const { zoneId, podId, clusterId } = this.basis;
    return this.make('createStoragePool', {
      ...{ zoneid: zoneId, podid: podId, clusterid: clusterId, name, url: `SharedMountPoint://localhost${path}` },
    });
  }

  /** One more network. */
  async network(): Promise<string> {
    this.made += 1;
    // Before anything is waited for: others ask for theirs meanwhile.
    const net = `10.66.${this.made}`;
    const { admin } = this.cloud;
    const [offering] = itemsOf(await admin.call('listNetworkOfferings', { name: 'DefaultSharedNetworkOffering' }));
    return this.make('createNetwork', {
      ...{ zoneid: this.basis.zoneId, networkofferingid: String(offering?.id), name: net, displaytext: net },
      ...{ gateway: `${net}.1`, netmask: '255.255.255.0', startip: `${net}.2`, endip: `${net}.9` },
    });
  }

  /** An ISO. */
  iso(): Promise<string> {
    return registerIso(this.cloud.admin, this.basis.zoneId);
  }

  /** A larger size than the machines have. */
  get larger(): string {
    return this.offerings.large;
  }
}

const onRunning =
  (command: string, params: (vmId: string, ground: DeathGround) => Params | Promise<Params> = (id) => ({ id })) =>
  async (ground: DeathGround): Promise<Asked> => {
    const vmId = await ground.running();
    return { command, vmId, params: await params(vmId, ground) };
  };

const onDisk =
  (command: string, params: (diskId: string, vmId: string) => Params) =>
  async (ground: DeathGround): Promise<Asked> => {
    const { vmId, diskId } = await ground.withDisk();
    return { command, vmId, params: params(diskId, vmId) };
  };

/** By operation; what follows a comma is a further way in which a host can die during it. */
export const DEATHS: Readonly<Record<string, Death>> = {
  deployVirtualMachine: {
    prepare: (ground) => Promise.resolve({ command: 'deployVirtualMachine', params: ground.deploying() }),
    heals: false,
  },
  startVirtualMachine: {
    prepare: async (ground) => {
      const vmId = await ground.stopped();
      return { command: 'startVirtualMachine', vmId, params: { id: vmId, hostid: ground.hostId } };
    },
    heals: false,
  },
  stopVirtualMachine: { prepare: onRunning('stopVirtualMachine'), heals: false },
  rebootVirtualMachine: { prepare: onRunning('rebootVirtualMachine'), heals: true },
  destroyVirtualMachine: { prepare: onRunning('destroyVirtualMachine'), heals: false },
  expungeVirtualMachine: { prepare: onRunning('expungeVirtualMachine'), heals: false },
  scaleVirtualMachine: {
    prepare: onRunning('scaleVirtualMachine', (id, { larger }) => ({ id, serviceofferingid: larger })),
    heals: true,
  },
  restoreVirtualMachine: {
    prepare: onRunning('restoreVirtualMachine', (virtualmachineid) => ({ virtualmachineid })),
    heals: true,
  },
  addNicToVirtualMachine: {
    prepare: onRunning('addNicToVirtualMachine', async (virtualmachineid, ground) => ({
      ...{ virtualmachineid, networkid: await ground.network() },
    })),
    heals: true,
  },
  removeNicFromVirtualMachine: {
    prepare: onRunning('removeNicFromVirtualMachine', async (virtualmachineid, ground) => {
      await ground.make('addNicToVirtualMachine', { virtualmachineid, networkid: await ground.network() });
      const nics = itemsOf(await ground.cloud.admin.call('listNics', { virtualmachineid }));
      return { virtualmachineid, nicid: nics[1]!.id };
    }),
    heals: true,
  },
  addIpToNic: {
    prepare: onRunning('addIpToNic', async (virtualmachineid, ground) => {
      const nics = itemsOf(await ground.cloud.admin.call('listNics', { virtualmachineid }));
      return { nicid: nics[0]!.id };
    }),
    heals: true,
  },
  removeIpFromNic: {
    prepare: onRunning('removeIpFromNic', async (virtualmachineid, ground) => {
      const nics = itemsOf(await ground.cloud.admin.call('listNics', { virtualmachineid }));
      const added = objectOf(await ground.cloud.admin.callAndWait('addIpToNic', { nicid: nics[0]!.id }));
      return { id: added.id };
    }),
    heals: true,
  },
  attachIso: {
    prepare: onRunning('attachIso', async (virtualmachineid, ground) => ({ id: await ground.iso(), virtualmachineid })),
    heals: true,
  },
  detachIso: {
    prepare: onRunning('detachIso', async (virtualmachineid, ground) => {
      await ground.make('attachIso', { id: await ground.iso(), virtualmachineid });
      return { virtualmachineid };
    }),
    heals: true,
  },
  createTemplate: {
    prepare: async (ground) => {
      const vmId = await ground.stopped();
      const params = { name: 'of a disk', ostypeid: DEFAULT_OS_TYPE_ID, virtualmachineid: vmId };
      return { command: 'createTemplate', vmId, params };
    },
    heals: false,
  },
  migrateVirtualMachine: {
    prepare: onRunning('migrateVirtualMachine', (virtualmachineid, { otherHostId: hostid }) => ({
      ...{ virtualmachineid, hostid },
    })),
    heals: true,
  },
  'migrateVirtualMachine, to it': {
    prepare: async (ground) => {
      const vmId = await ground.running(ground.otherHostId);
      return { command: 'migrateVirtualMachine', vmId, params: { virtualmachineid: vmId, hostid: ground.hostId } };
    },
    heals: false,
  },
  migrateVirtualMachineWithVolume: {
    prepare: onRunning('migrateVirtualMachineWithVolume', async (virtualmachineid, ground) => ({
      ...{ virtualmachineid, hostid: ground.otherHostId },
      ...{ 'migrateto[0].volume': await ground.rootOf(virtualmachineid), 'migrateto[0].pool': await ground.pool() },
    })),
    heals: true,
  },
  attachVolume: {
    prepare: onRunning('attachVolume', async (virtualmachineid, ground) => ({
      ...{ id: await ground.disk(), virtualmachineid },
    })),
    heals: true,
  },
  detachVolume: { prepare: onDisk('detachVolume', (id) => ({ id })), heals: true },
  resizeVolume: { prepare: onDisk('resizeVolume', (id) => ({ id, size: '2' })), heals: true },
  migrateVolume: {
    prepare: onRunning('migrateVolume', async (vmId, ground) => ({
      ...{ volumeid: await ground.rootOf(vmId), storageid: await ground.pool(), livemigrate: 'true' },
    })),
    heals: true,
  },
};

/** Has a test of its own: it comes about by the death of another host. */
const BY_ITSELF = new Set(['failOverVirtualMachine']);

/** Types of operation that lock a machine and have no entry, each as what to do about it. */
export async function missingDeaths(): Promise<string[]> {
  const workflows = await loadStepLists();
  const having = new Set(Object.keys(DEATHS));
  return [...(await loadCatalogue()).values()]
    .filter(({ name, operation }) => workflows.has(name) && operation?.locks['virtual-machine'] !== undefined)
    .filter(({ name }) => !having.has(name) && !BY_ITSELF.has(name))
    .map(
      ({ name }) =>
        `${name} locks a machine: say in DEATHS (test/src/ha/deaths.ts) how a host dies in the middle of it.`,
    );
}
