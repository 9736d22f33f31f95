import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { MigrationFigures, MigrationSide } from '@durastack/contracts/agent/migration';
import type { VmSpec } from '@durastack/contracts/agent/specs';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { DurastackError } from '@durastack/contracts/errors';
import type { DriverVerbs, MigrationReceiver, VerbContext } from '../driver.js';
import { sleep } from './faults.js';
import { ArrivingDisks, requireOwn, sendDisks, sink } from './moving-disks.js';
import { disksOf, othersUp, requireFree } from './plugging.js';
import type { SimulatedWorld } from './world.js';

type MigrationVerbs = Pick<
  DriverVerbs,
  'getMigrationNeeds' | 'checkMigration' | 'receiveVm' | 'sendVm' | 'endMigration' | 'keepVm'
>;

/** In how many parts memory is sent. */
const PARTS = 10;
const DOWNTIME_MS = 20;
const MIB = 2 ** 20;
const DEFAULT_FEATURES = ['sse2', 'avx'];

/**
 * Live migration between simulated hosts, through the agents' connection as between real ones.
 *
 * @param transferMs how long memory takes
 */
export function migrationVerbs(world: SimulatedWorld, hostId: string, transferMs: number): MigrationVerbs {
  const features = () => world.host(hostId).cpuFeatures ?? DEFAULT_FEATURES;
  const sideOf = (vmId: string): MigrationSide => {
    const vm = world.host(hostId).vms[vmId];
    if (vm === undefined) return 'absent';
    return vm.held === true ? 'held' : vm.power;
  };
  return {
    getMigrationNeeds: async ({ vmId }) => ({
      running: sideOf(vmId) === 'running',
      hypervisor: 'Simulator',
      accelerator: 'none',
      hypervisorVersion: 'simulator',
      cpu: features().join(' '),
    }),
    checkMigration: async ({ vm, needs }) => {
      if (needs.hypervisor !== 'Simulator') return { suitable: false, reason: `runs no ${needs.hypervisor} machines` };
      const missing = needs.cpu.split(' ').filter((feature) => !features().includes(feature));
      if (missing.length > 0) return { suitable: false, reason: `has processors without ${missing.join(', ')}` };
      for (const volume of disksOf(vm)) requireFree(world, hostId, { vmId: vm.id, volume });
      return { suitable: true };
    },
    receiveVm: async (params, context) => {
      if (sideOf(params.vm.id) !== 'running') await receive(world, hostId, { params, context });
      return { power: 'running' };
    },
    sendVm: (params, context) => send(world, hostId, { params, context, transferMs }),
    endMigration: async ({ vmId }) => ({ side: sideOf(vmId) }),
    keepVm: async ({ vmId }) => {
      if (sideOf(vmId) === 'held') world.setPower(hostId, vmId, 'running');
      return { power: world.host(hostId).vms[vmId]?.power ?? 'absent' };
    },
  };
}

interface Receiving {
  readonly params: VerbParams<'receiveVm'>;
  readonly context: VerbContext;
}

async function receive(world: SimulatedWorld, hostId: string, { params, context }: Receiving): Promise<void> {
  const { vm, withVolumes } = params;
  if (world.host(hostId).vms[vm.id] !== undefined) world.forgetVm(hostId, vm.id);
  requireRoom(world, hostId, vm);
  for (const nic of vm.nics) world.host(hostId).networks[nic.network.id] = nic.network;
  world.save(hostId);
  const disks = new ArrivingDisks(world, hostId, vm, withVolumes);
  let runs = false;
  const receiver: MigrationReceiver = {
    prepare: async ({ description }) => {
      if (description !== vm.id)
        throw new DurastackError('FORBIDDEN', `The ticket is for machine ${vm.id}, not for ${description}.`);
      context.signal.throwIfAborted();
      const { seed, ...spec } = vm;
      world.host(hostId).vms[vm.id] = { spec, power: 'off', serial: `${seed.hostname} login: ` };
      world.holdVm(hostId, vm.id);
      disks.begin();
      return { cookie: '' };
    },
    openStream: async () => sink(context.signal),
    openDiskStream: async () => disks.openStream(context.signal),
    finish: async ({ cookie }) => {
      context.signal.throwIfAborted();
      disks.complete();
      world.setPower(hostId, vm.id, 'running');
      runs = true;
      return { runs, cookie };
    },
  };
  if (context.admit === undefined) throw new DurastackError('BUG', 'receiveVm was called without a gate.');
  try {
    await context.admit(receiver, context.signal);
  } catch (error) {
    // What runs, runs, whatever became of the connection.
    if (!runs) throw error;
  } finally {
    if (!runs && world.host(hostId).vms[vm.id]?.held === true) world.forgetVm(hostId, vm.id);
  }
  if (!runs) throw new DurastackError('STEP_REFUSED', `The source ended the migration of machine ${vm.id}.`);
}

function requireRoom(world: SimulatedWorld, hostId: string, vm: VmSpec): void {
  for (const volume of disksOf(vm)) requireFree(world, hostId, { vmId: vm.id, volume });
  const used = othersUp(world, hostId, vm.id).reduce((sum, other) => sum + other.spec.memoryMib, vm.memoryMib);
  if (used > world.host(hostId).memoryMib)
    throw new DurastackError('STEP_REFUSED', `Host ${hostId} has no ${vm.memoryMib} MiB of memory left.`);
}

interface Sending {
  readonly params: VerbParams<'sendVm'>;
  readonly context: VerbContext;
  readonly transferMs: number;
}

/** A part at a time; resolves when the stream took all of it, or broke. */
async function sendMemory(
  stream: Duplex,
  memoryMib: number,
  { context, transferMs }: Omit<Sending, 'params'>,
): Promise<void> {
  for (let part = 1; part <= PARTS; part += 1) {
    await sleep(transferMs / PARTS, context.signal);
    stream.write('memory');
    const sent = Math.floor((memoryMib * part) / PARTS);
    const [processedBytes, totalBytes] = [sent * MIB, memoryMib * MIB];
    const remainingBytes = totalBytes - processedBytes;
    const text = `copied ${sent} of ${memoryMib} MiB, expected downtime ${DOWNTIME_MS} ms`;
    const numbers = { processedBytes, remainingBytes, totalBytes, pass: 1, downtimeMs: DOWNTIME_MS };
    context.progress((99 * part) / PARTS, text, numbers);
  }
  const flushed = finished(stream, { readable: false }).catch(() => undefined);
  stream.end();
  await flushed;
}

async function send(
  world: SimulatedWorld,
  hostId: string,
  { params, context, transferMs }: Sending,
): Promise<MigrationFigures> {
  const { vmId, destination, withVolumes } = params;
  const vm = world.host(hostId).vms[vmId];
  if (vm?.power !== 'running')
    throw new DurastackError('STEP_REFUSED', `Machine ${vmId} does not run on this host, so it cannot leave it.`);
  requireOwn({ vm: vm.spec, withVolumes });
  if (context.reach === undefined) throw new DurastackError('BUG', 'sendVm was called without a way to other hosts.');
  const began = performance.now();
  const receiver = await context.reach(destination, context.signal);
  try {
    await receiver.prepare({ description: vmId, cookie: '' });
    const stream = await receiver.openStream();
    // Broken by the other side: the next call to it says why.
    stream.on('error', () => undefined).resume();
    await sendDisks(world, hostId, { vm: vm.spec, withVolumes }, receiver);
    const { memoryMib } = vm.spec;
    await sendMemory(stream, memoryMib, { context, transferMs });
    if (!stream.writableFinished)
      throw new DurastackError('STEP_REFUSED', `The destination stopped receiving machine ${vmId}; it runs on here.`);
    context.signal.throwIfAborted();
    if (world.host(hostId).vms[vmId]?.power !== 'running')
      throw new DurastackError('STEP_REFUSED', `Machine ${vmId} stopped while it was being moved.`);
    world.holdVm(hostId, vmId);
    const { runs } = await receiver.finish({ cookie: '' }).catch((cause: unknown) => {
      const text = `Nobody can tell whether machine ${vmId} runs at host ${destination.hostId}: it is held here.`;
      throw new DurastackError('STEP_REFUSED', text, { cause });
    });
    world.setPower(hostId, vmId, runs ? 'off' : 'running');
    if (!runs) throw new DurastackError('STEP_REFUSED', `Machine ${vmId} could not run at the destination.`);
    return {
      totalMs: Math.round(performance.now() - began),
      downtimeMs: DOWNTIME_MS,
      sentBytes: memoryMib * MIB,
      hypervisorMs: transferMs + DOWNTIME_MS,
    };
  } finally {
    receiver.close();
  }
}
