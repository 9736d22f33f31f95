/** A host that does nothing, faithfully: the same verbs, events and refusals, without a hypervisor. */
import type { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers';
import { newestFabric } from '@durastack/contracts/agent/newest-fabric';
import type { ObservedVm } from '@durastack/contracts/agent/specs';
import type { VerbName } from '@durastack/contracts/agent/verbs';
import { DurastackError } from '@durastack/contracts/errors';
import type { DriverVerbs, HostDriver, VerbContext } from '../driver.js';
import { FaultPlan, sleep } from './faults.js';
import { fencingVerbs, storageAddress } from './fencing-verbs.js';
import { imageLockVerbs, SIMULATED_MOUNT } from './image-lock-verbs.js';
import { imageVerbs } from './image-verbs.js';
import { machineVerbs } from './machine-verbs.js';
import { migrationVerbs } from './migration-verbs.js';
import { pluggingVerbs } from './plugging.js';
import { simulatedUse } from './simulated-use.js';
import { poolSize, storageVerbs } from './storage-verbs.js';
import { openRfbScreen } from './rfb-screen.js';
import { volumeCopyVerbs } from './volume-copy-verbs.js';
import { volumeTransferVerbs } from './volume-transfer-verbs.js';
import type { SimulatedWorld } from './world.js';

/** How long things take, in milliseconds. Default 0 (shutdown: 50). */
export interface SimulatedLatency {
  /** Every verb. */
  readonly verbMs?: number;
  /** A fetch or copy of an image, on top. */
  readonly transferMs?: number;
  /** From the power button to off. */
  readonly shutdownMs?: number;
}

/** What makes a simulated host. */
export interface SimulatorOptions {
  readonly hostId: string;
  readonly world: SimulatedWorld;
  readonly latency?: SimulatedLatency;
  readonly faults?: FaultPlan;
  /** As facts tell it. */
  readonly agentVersion?: string;
}

/** Makes the driver of one simulated host. Several of one world see each other's shared pools and stores. */
export function createSimulatorDriver(options: SimulatorOptions): HostDriver {
  const { hostId, world, latency = {}, faults = new FaultPlan() } = options;
  const effects: DriverVerbs = {
    ...storageVerbs(world, hostId),
    ...fencingVerbs(world, hostId),
    ...imageLockVerbs(world, hostId),
    ...imageVerbs(world, hostId, latency.transferMs ?? 0),
    ...pluggingVerbs(world, hostId),
    ...machineVerbs(world, hostId, latency.shutdownMs ?? 50),
    ...migrationVerbs(world, hostId, latency.transferMs ?? 0),
    ...volumeCopyVerbs(world, hostId, latency.transferMs ?? 0),
    ...volumeTransferVerbs(world, hostId, latency.transferMs ?? 0),
    ...hostVerbs(options),
  };
  let unwatch = (): void => undefined;
  return {
    verbs: withFaults(effects, { hostId, faults, verbMs: latency.verbMs ?? 0 }),
    start: async (onPowerChange) => {
      unwatch();
      // Never from within the verb that caused it, as with a real hypervisor.
      unwatch = world.watch(hostId, (vm) => void setImmediate(onPowerChange, vm));
    },
    stop: async () => unwatch(),
    observe: async () => observe(world, hostId),
    bootId: async () => world.host(hostId).bootId,
    usage: async () => {
      const { cpuCount } = world.host(hostId);
      const running = Object.values(world.host(hostId).vms).filter(({ power }) => power === 'running');
      const vcpus = running.reduce((sum, { spec }) => sum + spec.vcpus, 0);
      const memory = running.reduce((sum, { spec }) => sum + spec.memoryMib, 0);
      return { cpuPercent: Math.min(100, (20 * vcpus) / cpuCount), memoryUsedMib: 512 + memory };
    },
    machineUse: async () => simulatedUse(world, hostId),
    measurePools: async (pools) =>
      pools.map((pool) => ({
        id: pool.id,
        ...poolSize(world, hostId, pool),
        ...(pool.kind === 'rbd' ? { addresses: [storageAddress(hostId)] } : {}),
        ...(pool.kind === 'shared-mount-point' ? { mount: SIMULATED_MOUNT } : {}),
      })),
    openConsole: async (vmId) => openConsole(world, hostId, vmId),
  };
}

function openConsole(world: SimulatedWorld, hostId: string, vmId: string): Duplex {
  const vm = world.host(hostId).vms[vmId];
  if (vm?.power !== 'running') throw new DurastackError('NOT_FOUND', `Machine ${vmId} does not run on host ${hostId}.`);
  const screen = openRfbScreen(vm.spec.domainName);
  const stopWatching = world.watch(hostId, (changed) => {
    if (changed.id === vmId && changed.power !== 'running') screen.destroy();
  });
  return screen.once('close', stopWatching);
}

type HostVerbs = Pick<
  DriverVerbs,
  | 'ensureNetwork'
  | 'ensureNetworkGone'
  | 'runMaintenanceHook'
  | 'checkPeer'
  | 'watchPoolBeats'
  | 'getInventory'
  | 'getFacts'
>;

function hostVerbs({ hostId, world, agentVersion = 'simulator' }: SimulatorOptions): HostVerbs {
  const facts = () => {
    const { bootId, cpuCount, cpuMhz, memoryMib } = world.host(hostId);
    const versions = { hypervisorVersion: 'simulator', agentVersion };
    return {
      hypervisor: 'Simulator' as const,
      accelerator: 'none' as const,
      ...versions,
      bootId,
      cpuCount,
      cpuMhz,
      memoryMib,
    };
  };
  return {
    ensureNetwork: async ({ network }) => {
      const { networks } = world.host(hostId);
      networks[network.id] = newestFabric(network, networks[network.id]);
      world.save(hostId);
      return {};
    },
    ensureNetworkGone: async ({ networkId }) => {
      delete world.host(hostId).networks[networkId];
      world.save(hostId);
      return {};
    },
    checkPeer: async ({ hostId: peer }) => ({ sees: world.isInSight(peer) ? 'agent' : 'nothing' }),
    watchPoolBeats: async ({ hostId: other, pools }) => ({
      seen: pools
        .filter(
          ({ kind, id }) => kind !== 'directory' && world.hostIds().includes(other) && world.host(other).pools[id],
        )
        .map(({ id }) => ({ poolId: id, beats: world.isAtStorage(other) ? ('go on' as const) : ('stopped' as const) })),
    }),
    // Nobody has put a script there.
    runMaintenanceHook: async () => ({ outcome: 'absent', output: '' }),
    getInventory: async ({ pools }) => ({
      facts: facts(),
      vms: observe(world, hostId),
      volumes: Object.fromEntries(pools.map((pool) => [pool.id, Object.keys(world.look(hostId, pool).volumes)])),
      templates: Object.fromEntries(pools.map((pool) => [pool.id, Object.keys(world.look(hostId, pool).templates)])),
      vmFiles: [...Object.keys(world.host(hostId).vms), ...(world.host(hostId).leftFiles ?? [])],
      networks: Object.keys(world.host(hostId).networks),
    }),
    getFacts: async () => facts(),
  };
}

function observe(world: SimulatedWorld, hostId: string): ObservedVm[] {
  const vms = Object.entries(world.host(hostId).vms);
  return vms.map(([id, { spec, power, crashed }]) => ({
    ...{ id, domainName: spec.domainName, power },
    ...(crashed === true ? { crashed } : {}),
  }));
}

function withFaults(effects: DriverVerbs, scene: { hostId: string; faults: FaultPlan; verbMs: number }): DriverVerbs {
  const wrapped = Object.keys(effects).map((verb) => {
    const effect = effects[verb as VerbName] as (params: unknown, context: VerbContext) => Promise<unknown>;
    const call = { hostId: scene.hostId, verb };
    const run = async (params: unknown, context: VerbContext): Promise<unknown> => {
      await scene.faults.pass('before-effect', call, context.signal);
      await sleep(scene.verbMs, context.signal);
      const result = await effect(params, context);
      await scene.faults.pass('after-effect', call, context.signal);
      return result;
    };
    return [verb, run];
  });
  return Object.fromEntries(wrapped) as DriverVerbs;
}
