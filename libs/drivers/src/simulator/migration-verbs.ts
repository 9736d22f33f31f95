import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { MigrationFigures, MigrationSide } from '@durastack/contracts/agent/migration';
import type { VmSpec } from '@durastack/contracts/agent/specs';
import type { VerbParams, VerbResult } from '@durastack/contracts/agent/verbs';
import { DurastackError } from '@durastack/contracts/errors';
import type { DriverVerbs, MigrationReceiver, RemoteReceiver, VerbContext } from '../driver.js';
import { sleep } from './faults.js';
import { ArrivingDisks, requireOwn, sendDisks, sink } from './moving-disks.js';
import { newTurn, type Turn } from '../turn.js';
import { disksOf, othersUp, requireDisc, requireFree } from './plugging.js';
import { arrive, Departure, type Ongoing } from './post-copy.js';
import type { SimulatedWorld } from './world.js';

type MigrationVerbs = Pick<
  DriverVerbs,
  'getMigrationNeeds' | 'checkMigration' | 'receiveVm' | 'sendVm' | 'endMigration' | 'keepVm'
>;

/** In how many parts memory is sent. */
const PARTS = 10;
const DOWNTIME_MS = 20;
const MIB = 2 ** 20;
const NEVER = new AbortController().signal;
const DEFAULT_FEATURES = ['sse2', 'avx'];

/**
 * Live migration between simulated hosts, through the agents' connection as between real ones.
 *
 * @param transferMs how long memory takes
 */
export function migrationVerbs(world: SimulatedWorld, hostId: string, transferMs: number): MigrationVerbs {
  const features = () => world.host(hostId).cpuFeatures ?? DEFAULT_FEATURES;
  const ongoing: Ongoing = { arriving: new Set(), remainingBytes: new Map() };
  const sideOf = (vmId: string): MigrationSide => {
    const vm = world.host(hostId).vms[vmId];
    if (vm === undefined) return 'absent';
    if (vm.postCopy === 'left') return 'left';
    if (vm.postCopy === 'arriving') return ongoing.arriving.has(vmId) ? 'arriving' : 'stranded';
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
      requireMedia(world, hostId, vm);
      const { noPostCopy } = world.host(hostId);
      return { suitable: true, ...(noPostCopy === undefined ? {} : { noPostCopy }) };
    },
    receiveVm: async (params, context) => {
      if (sideOf(params.vm.id) === 'running') return { power: 'running' };
      const turn = newTurn<VerbResult<'receiveVm'>>(context.signal);
      const during = { ...context, signal: turn.signal };
      const whole = receive(world, hostId, { params, context: during, turn, ongoing });
      return Promise.race([whole.then(() => ({ power: 'running' as const })), turn.taken]);
    },
    sendVm: async (params, context) => {
      const turn = newTurn<MigrationFigures>(context.signal);
      const during = { ...context, signal: turn.signal };
      const whole = send(world, hostId, { params, context: during, transferMs, turn, ongoing });
      return Promise.race([whole, turn.taken]);
    },
    endMigration: async ({ vmId }) => {
      const remainingBytes = ongoing.remainingBytes.get(vmId);
      if (remainingBytes !== undefined) return { side: sideOf(vmId), ongoing: true, remainingBytes };
      return { side: sideOf(vmId), ...(ongoing.arriving.has(vmId) ? { ongoing: true } : {}) };
    },
    keepVm: async ({ vmId }) => {
      if (sideOf(vmId) === 'held') world.setPower(hostId, vmId, 'running');
      return { power: world.host(hostId).vms[vmId]?.power ?? 'absent' };
    },
  };
}

interface Receiving {
  readonly params: VerbParams<'receiveVm'>;
  readonly context: VerbContext;
  readonly turn: Turn<VerbResult<'receiveVm'>>;
  readonly ongoing: Ongoing;
}

async function receive(
  world: SimulatedWorld,
  hostId: string,
  { params, context, turn, ongoing }: Receiving,
): Promise<void> {
  const { vm, withVolumes } = params;
  if (world.host(hostId).vms[vm.id] !== undefined) world.forgetVm(hostId, vm.id);
  requireRoom(world, hostId, vm);
  for (const nic of vm.nics) world.host(hostId).networks[nic.network.id] = nic.network;
  world.save(hostId);
  const disks = new ArrivingDisks(world, hostId, vm, withVolumes);
  let [runs, postCopy] = [false, false];
  let stream: Duplex | undefined;
  const receiver: MigrationReceiver = {
    prepare: async ({ description }) => {
      makeCopy(world, hostId, { vm, description, context });
      disks.begin();
      return { cookie: '' };
    },
    openStream: async () => (stream = sink(context.signal)),
    openDiskStream: async () => disks.openStream(context.signal),
    beginPostCopy: async () => {
      context.signal.throwIfAborted();
      postCopy = true;
      ongoing.arriving.add(vm.id);
      turn.take({ power: 'paused' });
    },
    finish: async ({ cookie }) => {
      if (!postCopy) context.signal.throwIfAborted();
      disks.complete();
      world.setPower(hostId, vm.id, 'running');
      runs = true;
      if (postCopy && stream !== undefined) await arrive(world, hostId, { vmId: vm.id, stream, ongoing });
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
    ongoing.arriving.delete(vm.id);
    if (!runs && world.host(hostId).vms[vm.id]?.held === true) world.forgetVm(hostId, vm.id);
  }
  if (!runs) throw new DurastackError('STEP_REFUSED', `The source ended the migration of machine ${vm.id}.`);
}

/** A copy that waits for memory. FORBIDDEN when something else is offered. */
function makeCopy(
  world: SimulatedWorld,
  hostId: string,
  { vm, description, context }: { vm: VmSpec; description: string; context: VerbContext },
): void {
  if (description !== vm.id)
    throw new DurastackError('FORBIDDEN', `The ticket is for machine ${vm.id}, not for ${description}.`);
  context.signal.throwIfAborted();
  const { seed, ...spec } = vm;
  world.host(hostId).vms[vm.id] = { spec, power: 'off', serial: `${seed.hostname} login: ` };
  world.holdVm(hostId, vm.id);
}

/** This host reaches all that the machine has. */
function requireMedia(world: SimulatedWorld, hostId: string, vm: VmSpec): void {
  for (const volume of disksOf(vm)) requireFree(world, hostId, { vmId: vm.id, volume });
  if (vm.disc) requireDisc(world, vm.disc);
}

function requireRoom(world: SimulatedWorld, hostId: string, vm: VmSpec): void {
  requireMedia(world, hostId, vm);
  const used = othersUp(world, hostId, vm.id).reduce((sum, other) => sum + other.spec.memoryMib, vm.memoryMib);
  if (used > world.host(hostId).memoryMib)
    throw new DurastackError('STEP_REFUSED', `Host ${hostId} has no ${vm.memoryMib} MiB of memory left.`);
}

interface Sending {
  readonly params: VerbParams<'sendVm'>;
  readonly context: VerbContext;
  readonly transferMs: number;
  readonly turn: Turn<MigrationFigures>;
  readonly ongoing: Ongoing;
}

/**
 * A part at a time; resolves when the stream took all of it, or broke.
 *
 * @param isGone whether the guest goes, or went, before its memory; asked before each part
 */
async function sendMemory(
  stream: Duplex,
  memoryMib: number,
  sending: Pick<Sending, 'context' | 'transferMs'> & {
    isGone: (remainingBytes: number) => Promise<boolean>;
  },
): Promise<void> {
  const { context, transferMs, isGone } = sending;
  for (let part = 1; part <= PARTS; part += 1) {
    const gone = await isGone((memoryMib * MIB * (PARTS + 1 - part)) / PARTS);
    await sleep(transferMs / PARTS, gone ? NEVER : context.signal);
    if (stream.destroyed) return;
    stream.write('memory');
    if (gone) continue;
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
  { params, context, transferMs, turn, ongoing }: Sending,
): Promise<MigrationFigures> {
  const { vmId, destination, withVolumes, postCopy } = params;
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
    const figures = (): MigrationFigures => ({
      totalMs: Math.round(performance.now() - began),
      downtimeMs: DOWNTIME_MS,
      sentBytes: memoryMib * MIB,
      hypervisorMs: transferMs + DOWNTIME_MS,
    });
    const departure = new Departure(world, hostId, { vmId, context, receiver, ongoing, postCopy });
    const isGone = (remainingBytes: number): Promise<boolean> => {
      const { totalMs } = figures();
      const sentBytes = memoryMib * MIB - remainingBytes;
      return departure.isGone(totalMs, remainingBytes, () =>
        turn.take({ ...figures(), switchedMs: totalMs, sentBytes }),
      );
    };
    await sendMemory(stream, memoryMib, { context, transferMs, isGone });
    if (await departure.hasArrived()) return figures();
    if (!stream.writableFinished)
      throw new DurastackError('STEP_REFUSED', `The destination stopped receiving machine ${vmId}; it runs on here.`);
    context.signal.throwIfAborted();
    await handOver(world, hostId, { vmId, receiver });
    return figures();
  } finally {
    ongoing.remainingBytes.delete(vmId);
    receiver.close();
  }
}

/** It stands still, until the other side says whether it runs there. */
async function handOver(
  world: SimulatedWorld,
  hostId: string,
  { vmId, receiver }: { vmId: string; receiver: RemoteReceiver },
): Promise<void> {
  if (world.host(hostId).vms[vmId]?.power !== 'running')
    throw new DurastackError('STEP_REFUSED', `Machine ${vmId} stopped while it was being moved.`);
  world.holdVm(hostId, vmId);
  const { runs } = await receiver.finish({ cookie: '' }).catch((cause: unknown) => {
    const text = `Nobody can tell whether machine ${vmId} runs at its destination: it is held here.`;
    throw new DurastackError('STEP_REFUSED', text, { cause });
  });
  world.setPower(hostId, vmId, runs ? 'off' : 'running');
  if (!runs) throw new DurastackError('STEP_REFUSED', `Machine ${vmId} could not run at the destination.`);
}
