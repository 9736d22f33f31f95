/** The libvirt driver: QEMU machines on directory pools and Linux bridges of one host, for one instance. */
import type { ObservedVm, PowerState } from '@durastack/contracts/agent/specs';
import { asDurastackError, DurastackError } from '@durastack/contracts/errors';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import type { DriverVerbs, HostDriver } from '../driver.js';
import { HeldImages } from '../process/held-images.js';
import { imageLockVerbs } from '../pool/image-lock-verbs.js';
import { checkPeer } from '../process/check-peer.js';
import { runMaintenanceHook } from '../process/maintenance-hook.js';
import { HostNetworks } from '../network/host-networks.js';
import { PoolDrivers } from '../pool/pool-drivers.js';
import { hostShell } from '../process/host-shell.js';
import type { Accelerator } from './accelerator.js';
import { ensureVolumeAttached, ensureVolumeDetached, ensureVolumeSize } from './data-disks.js';
import { Domains } from './domains.js';
import { ensureVmDisc } from './disc.js';
import { storeVolumeImage } from '../image/store-volume-image.js';
import { ensureVmNics } from './nics.js';
import { ensureVmRunning } from './ensure-vm-running.js';
import { readBootId, readFacts, UsageMeter } from './host-facts.js';
import type { LibvirtHost } from './libvirt-host.js';
import { MachineUseMeter } from './machine-use.js';
import { migrationVerbs } from './migration/migration-verbs.js';
import { OngoingPostCopies } from './migration/ongoing-post-copies.js';
import { connectSocket } from './migration/sockets.js';
import { PowerWatch } from './power-watch.js';
import { rememberedAccelerator } from './remembered-accelerator.js';
import { LibvirtClient } from './rpc/client.js';
import { libvirtSecrets } from './secrets.js';
import { ensureVmGone, ensureVmStopped, requestVmShutdown } from './stop-vm.js';
import { ensureVmSize } from './vm-size.js';
import { copyVolume, discardVolumeCopy, switchVolume } from './volume-copy/copy-volume.js';
import { letAllGo } from './volume-copy/still-guests.js';
import { removeVolume } from './volume-copy/leftover-nodes.js';
import { volumeTransferVerbs } from './volume-transfer/volume-transfer-verbs.js';
import { boundSerialLog, readSerialLog, vmFiles, withSocket, listVmDirs } from './vm-files.js';

/** Verbs about images, which do not depend on the hypervisor. */
export type ImageVerbs = Pick<DriverVerbs, 'fetchImage' | 'ensureImageGone'>;

/** How {@link createLibvirtDriver} makes a driver. */
export interface LibvirtDriverOptions {
  /** The daemon's unix socket. */
  readonly socketPath: string;
  /**
   * Directory of the machines' files and of what is remembered of networks. Short: a machine's VNC socket lies
   * 50 characters below it (107 in all). Where QEMU is not root, its user must be able to pass through it.
   */
  readonly stateDir: string;
  /** Name of the control plane's instance; other instances' domains and devices are never touched. */
  readonly instance: string;
  /** How guests run; found out by a timed boot, once per boot of the host, when absent. */
  readonly accelerator?: Accelerator;
  /** Directory of the DHCP servers' files. Default `<stateDir>/dhcp`. */
  readonly dnsmasqDir?: string;
  /** A named network namespace in which the host's bridges lie (a lab's host). Default: the agent's own. */
  readonly networkNamespace?: string;
  /** Directory of Open vSwitch's sockets, where it is not the system's. */
  readonly ovsRunDir?: string;
  /** Reported in the host's facts. */
  readonly agentVersion?: string;
  /** Where the host's owner keeps scripts for its maintenance. Default: `/etc/durastack/maintenance.d`. */
  readonly maintenanceHooksDir?: string;
  readonly images: ImageVerbs;
  /** Told of housekeeping that failed; it is tried again. */
  readonly onHousekeepingError?: (error: unknown) => void;
}

const MAINTENANCE_HOOKS_DIR = '/etc/durastack/maintenance.d';
const HOUSEKEEPING_EVERY_MS = 15_000;
const MAX_SOCKET_PATH = 107;

/**
 * Makes the driver; it connects when it is started or first used.
 *
 * @throws DurastackError `MISCONFIGURED` when `stateDir` is too long for the machines' sockets
 */
export function createLibvirtDriver(options: LibvirtDriverOptions): HostDriver {
  const host = makeHost(options);
  const usage = new UsageMeter();
  const machineUse = new MachineUseMeter();
  let watch: PowerWatch | undefined;
  let housekeeping: NodeJS.Timeout | undefined;
  return {
    verbs: {
      ...libvirtVerbs(host),
      ...options.images,
      runMaintenanceHook: (params, context) =>
        runMaintenanceHook(options.maintenanceHooksDir ?? MAINTENANCE_HOOKS_DIR, params, context),
    },
    start: async (onPowerChange) => {
      watch = powerWatch(host, options.socketPath, onPowerChange);
      await watch.start();
      await keepHouse(host, options.onHousekeepingError);
      housekeeping = setInterval(
        () => void keepHouse(host, options.onHousekeepingError),
        HOUSEKEEPING_EVERY_MS,
      ).unref();
    },
    stop: async () => {
      clearInterval(housekeeping);
      await host.postCopies.ended();
      await watch?.stop();
      host.client.close();
    },
    observe: () => host.domains.observe(),
    bootId: readBootId,
    usage: () => usage.read(),
    machineUse: () => machineUse.read(host),
    measurePools: async (pools) => host.pools.measured(pools),
    beatPools: (pools, beat) => host.pools.beat(pools, beat),
    endPoolBeats: (pool, hostId) => host.pools.endBeats(pool, hostId),
    openConsole: (vmId) => openConsole(host, vmId),
  };
}

function makeHost(options: LibvirtDriverOptions): LibvirtHost {
  const stateDir = resolve(options.stateDir);
  checkStateDir(stateDir);
  const client = new LibvirtClient({ socketPath: options.socketPath });
  const shell = hostShell(options.networkNamespace);
  return {
    client,
    connect: () => new LibvirtClient({ socketPath: options.socketPath }),
    domains: new Domains(client, options.instance),
    networks: new HostNetworks({
      instance: options.instance,
      stateDir,
      dnsmasqDir: resolve(options.dnsmasqDir ?? join(stateDir, 'dhcp')),
      shell,
      ...(options.ovsRunDir ? { ovsRunDir: options.ovsRunDir } : {}),
      ...(options.onHousekeepingError ? { onError: options.onHousekeepingError } : {}),
    }),
    held: new HeldImages(join(stateDir, 'held')),
    pools: new PoolDrivers({ stateDir, secrets: libvirtSecrets(client), shell }),
    instance: options.instance,
    stateDir,
    accelerator: rememberedAccelerator(stateDir, options.accelerator),
    agentVersion: options.agentVersion ?? '0.1.0',
    postCopies: new OngoingPostCopies(),
  };
}

function libvirtVerbs(host: LibvirtHost): Omit<DriverVerbs, keyof ImageVerbs | 'runMaintenanceHook'> {
  const power = async (of: Promise<PowerState>): Promise<{ power: PowerState }> => ({ power: await of });
  return {
    ...host.pools.verbs(),
    ensureVolumeGone: ({ volumeId, pool }) => nothing(removeVolume(host, volumeId, pool)),
    ...imageLockVerbs(host.held),
    ...migrationVerbs(host),
    ...volumeTransferVerbs(host),
    ensureVolumeSize: async (params, { signal }) => ({ sizeBytes: await ensureVolumeSize(host, params, signal) }),
    ensureVolumeAttached: ({ vmId, disk }) => power(ensureVolumeAttached(host, vmId, disk)),
    ensureVolumeDetached: async ({ vmId, volumeId }) => ({
      released: await ensureVolumeDetached(host, vmId, volumeId),
    }),
    storeVolumeImage: async ({ volume, ...image }, context) =>
      storeVolumeImage({ ...image, from: await host.pools.forTools(volume) }, host.pools.shell, context),
    copyVolume: async (copy, context) => ({ mirrored: await copyVolume(host, copy, context) }),
    switchVolume: (copy, context) => nothing(switchVolume(host, copy, context)),
    discardVolumeCopy: (copy) => nothing(discardVolumeCopy(host, copy)),
    ensureVmSize: (size) => power(ensureVmSize(host, size)),
    ensureVmNics: ({ vmId, nics }) => ensureVmNics(host, vmId, nics),
    ensureVmDisc: (change) => power(ensureVmDisc(host, change)),
    ensureVmRunning: ({ vm }, { signal }) => power(ensureVmRunning(host, vm, signal)),
    requestVmShutdown: ({ vmId }) => power(requestVmShutdown(host, vmId)),
    ensureVmStopped: ({ vmId }) => power(ensureVmStopped(host, vmId)),
    ensureVmGone: ({ vmId }) => nothing(ensureVmGone(host, vmId)),
    getVm: async ({ vmId }) => ({ power: await host.domains.power(await host.domains.find(vmId)) }),
    getSerialLog: ({ vmId, maxBytes }) => readSerialLog(vmFiles(host.stateDir, vmId), maxBytes),
    ensureNetwork: ({ network }) => nothing(host.networks.ensure(network)),
    ensureNetworkGone: ({ networkId }) => nothing(host.networks.ensureGone(networkId)),
    checkPeer,
    getInventory: async ({ pools }) => ({
      facts: await readFacts(host),
      vms: await host.domains.observe(),
      ...(await host.pools.contents(pools)),
      vmFiles: await listVmDirs(host.stateDir),
      networks: [...(await host.networks.list())],
    }),
    getFacts: () => readFacts(host),
  };
}

async function nothing(work: Promise<unknown>): Promise<Record<string, never>> {
  await work;
  return {};
}

function powerWatch(host: LibvirtHost, socketPath: string, onPowerChange: (vm: ObservedVm) => void): PowerWatch {
  return new PowerWatch({
    client: (on) => new LibvirtClient({ socketPath, onEvent: on.event, onClosed: on.closed }),
    domains: (client) => new Domains(client, host.instance),
    onPowerChange,
  });
}

/** Who was left standing still runs on, what is held for nobody is let go, networks, rules and DHCP are put right, serial logs are kept short. */
async function keepHouse(host: LibvirtHost, onError: ((error: unknown) => void) | undefined): Promise<void> {
  try {
    await letAllGo(host);
    await host.held.letGoOfOverdue();
    await host.networks.reconcile();
    const vmIds = await readdir(join(host.stateDir, 'vms')).catch(() => []);
    for (const vmId of vmIds) await boundSerialLog(vmFiles(host.stateDir, vmId));
  } catch (error) {
    onError?.(error);
  }
}

async function openConsole(host: LibvirtHost, vmId: string): Promise<Duplex> {
  const domain = await host.domains.find(vmId);
  const power = await host.domains.power(domain);
  if (power !== 'running' && power !== 'paused') {
    throw new DurastackError('NOT_FOUND', `Machine ${vmId} does not run on this host, so it has no console`);
  }
  return withSocket(vmFiles(host.stateDir, vmId).vncSocket, connectSocket).catch((cause: unknown) => {
    throw asDurastackError(cause, 'BACKEND_BUSY', `The console of machine ${vmId} does not answer`);
  });
}

function checkStateDir(stateDir: string): void {
  const { vncSocket } = vmFiles(stateDir, '00000000-0000-4000-8000-000000000000');
  const excess = Buffer.byteLength(vncSocket) - MAX_SOCKET_PATH;
  if (excess <= 0) return;
  const text = `The state directory ${stateDir} is ${excess} bytes too long for the machines' sockets; choose a shorter one`;
  throw new DurastackError('MISCONFIGURED', text);
}
