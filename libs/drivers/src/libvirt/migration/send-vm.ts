/**
 * Verb `sendVm`: the source's half of a live migration. This agent leads; the other one follows.
 *
 * Until everything was sent the machine runs here, and any failure leaves it running. Then it stands still until the
 * destination has said whether it runs there. When that cannot be learnt it stays held, and whoever can ask both hosts
 * decides; this agent never guesses.
 */
import type { MigrationFigures } from '@durastack/contracts/agent/migration';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RemoteReceiver, VerbContext } from '../../driver.js';
import { diskSerial } from '../disk-xml.js';
import type { LibvirtHost } from '../libvirt-host.js';
import { qemuUserOf } from '../qemu-user.js';
import type { Domain, LibvirtClient } from '../rpc/client.js';
import {
  abortJob,
  jobStats,
  migrateBegin,
  migrateConfirm,
  migratePerform,
  type DisksToo,
  type JobStats,
} from '../rpc/migration-calls.js';
import { vmFiles } from '../vm-files.js';
import { readDefinition } from '../volume-copy/disk-definition.js';
import { listenForDisks, listenForQemu } from './sockets.js';

const LOOK_EVERY_MS = 250;
const MIB = 2 ** 20;

interface Departure {
  readonly host: LibvirtHost;
  readonly domain: Domain;
  /** All phases belong to this one. */
  readonly connection: LibvirtClient;
  readonly receiver: RemoteReceiver;
  readonly context: VerbContext;
  /** Those that go along, if any does. */
  readonly disks: DisksToo | undefined;
  readonly hypervisors: StopWatch;
}

/** Adds up how long some calls take. */
class StopWatch {
  totalMs = 0;

  async during<T>(call: Promise<T>): Promise<T> {
    const beganMs = performance.now();
    try {
      return await call;
    } finally {
      this.totalMs += performance.now() - beganMs;
    }
  }
}

/** By their serial numbers: what the guest knows them by. */
async function leaving(host: LibvirtHost, domain: Domain, volumeIds: readonly string[]): Promise<DisksToo | undefined> {
  if (volumeIds.length === 0) return undefined;
  const { disks } = readDefinition(await host.client.presentXml(domain));
  const targets = volumeIds.map((id) => {
    const disk = disks.find(({ serial }) => serial === diskSerial(id));
    if (disk === undefined)
      throw new DurastackError('STEP_REFUSED', `${domain.name} has no volume ${id} that could go with it`);
    return disk.target['@dev'];
  });
  return { targets, socketPath: vmFiles(host.stateDir, domain.uuid).outgoingDisks };
}

/** See the module's comment. */
export async function sendVm(
  host: LibvirtHost,
  { vmId, destination, withVolumes = [] }: VerbParams<'sendVm'>,
  context: VerbContext,
): Promise<MigrationFigures> {
  if (context.reach === undefined) throw new DurastackError('BUG', 'sendVm was called without a way to other hosts');
  const domain = await host.domains.find(vmId);
  if (domain === undefined || (await host.domains.power(domain)) !== 'running')
    throw new DurastackError('STEP_REFUSED', `Machine ${vmId} does not run on this host, so it cannot leave it`);
  const beganMs = performance.now();
  const hypervisors = new StopWatch();
  const receiver = await context.reach(destination, context.signal);
  const connection = host.connect();
  try {
    const disks = await leaving(host, domain, withVolumes);
    const departure = { host, domain, connection, receiver, context, disks, hypervisors };
    const { cookie, sentBytes } = await copy(departure);
    const downtimeMs = await handOver(departure, cookie);
    const totalMs = Math.round(performance.now() - beganMs);
    return { totalMs, downtimeMs, sentBytes, hypervisorMs: Math.round(hypervisors.totalMs) };
  } finally {
    connection.close();
    receiver.close();
  }
}

/** Until the machine stands still here with everything sent. When it fails, the machine runs on. */
async function copy(departure: Departure): Promise<{ cookie: Buffer; sentBytes: number }> {
  const { host, domain, connection, receiver, context, disks, hypervisors } = departure;
  const begun = await hypervisors.during(migrateBegin(connection, domain, disks));
  const offer = { description: begun.xml, cookie: begun.cookie.toString('base64') };
  const prepared = await hypervisors.during(receiver.prepare(offer));
  const stream = await receiver.openStream();
  const socketPath = vmFiles(host.stateDir, domain.uuid).outgoingSocket;
  let sentBytes = 0;
  const user = qemuUserOf(await host.client.capabilities());
  const socket = await listenForQemu(socketPath, user, { stream, sent: (bytes) => (sentBytes += bytes) });
  const disksSocket = disks && (await listenForDisks(disks.socketPath, user, () => receiver.openDiskStream()));
  try {
    context.signal.throwIfAborted();
    const cookie = Buffer.from(prepared.cookie, 'base64');
    const performed = hypervisors.during(migratePerform(connection, domain, { socketPath, cookie, disks }));
    await watch(departure, performed);
    const reply = await performed;
    await socket.flushed;
    return { cookie: reply, sentBytes };
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    await socket.close();
    await disksSocket?.close();
  }
}

/** Tells how far it is, and passes a cancel on, until the copy has ended. */
async function watch({ host, domain, context }: Departure, performed: Promise<Buffer>): Promise<void> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  performed.then(end, end);
  while (!ended.signal.aborted) {
    if (context.signal.aborted) await abortQuietly(host, domain);
    else {
      const stats = await jobStats(host.client, domain, false).catch(unlessItPasses);
      if (stats !== undefined && stats.totalBytes + stats.diskBytes > 0) context.progress(...progressOf(stats));
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: ended.signal }).catch(() => undefined);
  }
}

/** The job is asked about from beside it: what goes wrong with that is the job's own matter to report. */
function unlessItPasses(error: unknown): undefined {
  if (!isDurastackError(error)) throw error;
  return undefined;
}

async function abortQuietly(host: LibvirtHost, domain: Domain): Promise<void> {
  await abortJob(host.client, domain).catch(unlessItPasses);
}

/** Disks come first: until they are in step, memory is nothing. */
function progressOf(stats: JobStats): Parameters<VerbContext['progress']> {
  const { iteration, downtimeMs, bytesPerSecond, dirtyBytesPerSecond, diskBytes, diskRemainingBytes } = stats;
  const totalBytes = stats.totalBytes + diskBytes;
  const remainingBytes = stats.remainingBytes + diskRemainingBytes;
  const processedBytes = stats.processedBytes + diskBytes - diskRemainingBytes;
  const [total, done] = [totalBytes, totalBytes - remainingBytes].map((bytes) => Math.floor(bytes / MIB));
  const pass = iteration > 1 ? `, pass ${iteration}` : '';
  const downtime = downtimeMs > 0 ? `, expected downtime ${downtimeMs} ms` : '';
  return [
    Math.min(99, (100 * (totalBytes - remainingBytes)) / totalBytes),
    `copied ${done} of ${total} MiB${pass}${downtime}`,
    {
      ...{ processedBytes, remainingBytes, totalBytes, pass: iteration },
      ...(bytesPerSecond > 0 ? { bytesPerSecond } : {}),
      ...(dirtyBytesPerSecond > 0 ? { dirtyBytesPerSecond } : {}),
      ...(downtimeMs > 0 ? { downtimeMs } : {}),
    },
  ];
}

/** The machine stands still. @returns for how long, in milliseconds, once it runs at the destination */
async function handOver(departure: Departure, cookie: Buffer): Promise<number> {
  const { host, domain, connection, receiver, context, hypervisors } = departure;
  const stay = async (): Promise<void> => migrateConfirm(connection, domain, { cancelled: true });
  if (context.signal.aborted) {
    await stay();
    throw context.signal.reason;
  }
  const finishing = hypervisors.during(receiver.finish({ cookie: cookie.toString('base64') }));
  const finished = await finishing.catch((cause: unknown) => {
    const text = `Nobody can tell whether ${domain.name} runs at the destination: it is held here`;
    throw new DurastackError('STEP_REFUSED', text, { cause });
  });
  if (!finished.runs) {
    await stay();
    throw new DurastackError('STEP_REFUSED', `${domain.name} could not run at the destination; it runs on here`);
  }
  const end = { cookie: Buffer.from(finished.cookie, 'base64'), cancelled: false };
  await hypervisors.during(migrateConfirm(connection, domain, end)).catch(unlessItPasses);
  const stats = await jobStats(host.client, domain, true).catch(unlessItPasses);
  return stats?.downtimeMs ?? 0;
}
