/**
 * Verb `sendVm`: the source's half of a live migration. This agent leads; the other one follows.
 *
 * Until everything was sent the machine runs here, and any failure leaves it running. Then it stands still until the
 * destination has said whether it runs there. When that cannot be learnt it stays held, and whoever can ask both hosts
 * decides; this agent never guesses.
 *
 * Where post-copy is allowed and what the guest writes cannot be sent fast enough, the guest goes first. That is the
 * point of no return: the verb ends there, and the rest goes on by itself whatever this agent is told.
 */
import type { MigrationFigures } from '@durastack/contracts/agent/migration';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RemoteReceiver, VerbContext } from '../../driver.js';
import { newTurn } from '../../turn.js';
import { diskSerial } from '../disk-xml.js';
import type { LibvirtHost } from '../libvirt-host.js';
import { qemuUserOf } from '../qemu-user.js';
import type { Domain, LibvirtClient } from '../rpc/client.js';
import {
  abortJob,
  jobStats,
  liftSpeed,
  migrateBegin,
  migrateConfirm,
  migratePerform,
  migrateStartPostCopy,
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
  /** Allowed, after so long. */
  readonly postCopy: VerbParams<'sendVm'>['postCopy'];
  /** Called once, when the guest has gone before its memory. */
  readonly goFirst: (sentBytes: number) => void;
  /** Whether the hypervisor was told to let it: from then on nothing is broken off. */
  gone: boolean;
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
async function leaving(
  host: LibvirtHost,
  domain: Domain,
  { withVolumes: volumeIds = [], bytesPerSecond }: Pick<VerbParams<'sendVm'>, 'withVolumes' | 'bytesPerSecond'>,
): Promise<DisksToo | undefined> {
  if (volumeIds.length === 0) return undefined;
  const { disks } = readDefinition(await host.client.presentXml(domain));
  const targets = volumeIds.map((id) => {
    const disk = disks.find(({ serial }) => serial === diskSerial(id));
    if (disk === undefined)
      throw new DurastackError('STEP_REFUSED', `${domain.name} has no volume ${id} that could go with it`);
    return disk.target['@dev'];
  });
  return { targets, socketPath: vmFiles(host.stateDir, domain.uuid).outgoingDisks, bytesPerSecond };
}

/** See the module's comment. */
export async function sendVm(
  host: LibvirtHost,
  params: VerbParams<'sendVm'>,
  context: VerbContext,
): Promise<MigrationFigures> {
  const turn = newTurn<MigrationFigures>(context.signal);
  const whole: Promise<MigrationFigures> = sendWhole(host, params, {
    ...context,
    signal: turn.signal,
    goFirst: (figures) => {
      host.postCopies.begin(params.vmId, whole);
      turn.take(figures);
    },
  });
  return Promise.race([whole, turn.taken]);
}

async function sendWhole(
  host: LibvirtHost,
  params: VerbParams<'sendVm'>,
  context: VerbContext & { readonly goFirst: (figures: MigrationFigures) => void },
): Promise<MigrationFigures> {
  const { vmId, destination, postCopy } = params;
  if (context.reach === undefined) throw new DurastackError('BUG', 'sendVm was called without a way to other hosts');
  const domain = await host.domains.find(vmId);
  if (domain === undefined || (await host.domains.power(domain)) !== 'running')
    throw new DurastackError('STEP_REFUSED', `Machine ${vmId} does not run on this host, so it cannot leave it`);
  const beganMs = performance.now();
  const hypervisors = new StopWatch();
  const receiver = await context.reach(destination, context.signal);
  const connection = host.connect();
  try {
    const disks = await leaving(host, domain, params);
    const soFar = (sentBytes: number, downtimeMs: number): MigrationFigures => {
      const totalMs = Math.round(performance.now() - beganMs);
      return { totalMs, downtimeMs, sentBytes, hypervisorMs: Math.round(hypervisors.totalMs) };
    };
    const goFirst = (sentBytes: number): void => {
      const figures = soFar(sentBytes, 0);
      context.goFirst({ ...figures, switchedMs: figures.totalMs });
    };
    const departure: Departure = {
      ...{ host, domain, connection, receiver, context, disks, hypervisors, postCopy, goFirst },
      gone: false,
    };
    const { cookie, sentBytes } = await copy(departure);
    return soFar(sentBytes, await handOver(departure, cookie));
  } finally {
    connection.close();
    receiver.close();
  }
}

/** Until the machine stands still here with everything sent. When it fails, the machine runs on. */
async function copy(departure: Departure): Promise<{ cookie: Buffer; sentBytes: number }> {
  const { host, domain, connection, receiver, context, disks, hypervisors } = departure;
  const manner = { disks, postCopy: departure.postCopy !== undefined };
  const begun = await hypervisors.during(migrateBegin(connection, domain, manner));
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
    const performed = hypervisors.during(migratePerform(connection, domain, { socketPath, cookie, ...manner }));
    await watch(departure, performed);
    const reply = await performed;
    if (departure.gone && (await host.domains.side(domain)) === 'left') departure.goFirst(sentBytes);
    else await socket.flushed;
    return { cookie: reply, sentBytes };
  } catch (error) {
    // What has gone needs its stream whatever became of the call: the two hypervisors end it when they are done.
    if (!departure.gone) stream.destroy();
    throw error;
  } finally {
    await socket.close();
    await disksSocket?.close();
  }
}

/** Tells how far it is, and passes a cancel on, until the copy has ended; lets the guest go first when it is time. */
async function watch(departure: Departure, performed: Promise<Buffer>): Promise<void> {
  const { host, domain, context } = departure;
  const ended = new AbortController();
  const end = (): void => ended.abort();
  performed.then(end, end);
  let isHeldUp = departure.disks?.bytesPerSecond !== undefined;
  while (!ended.signal.aborted) {
    if (departure.gone) await migrateStartPostCopy(host.client, domain).catch(unlessItPasses);
    else if (context.signal.aborted) await abortQuietly(host, domain);
    else {
      const stats = await jobStats(host.client, domain, false).catch(unlessItPasses);
      if (stats !== undefined && stats.totalBytes + stats.diskBytes > 0) context.progress(...progressOf(stats));
      // The disks are in step: the limit was theirs.
      if (isHeldUp && stats !== undefined && stats.totalBytes > 0)
        isHeldUp = !(await liftSpeed(host.client, domain).then(() => true, unlessItPasses));
      if (stats !== undefined && isTime(departure, stats)) await letGuestGo(departure);
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: ended.signal }).catch(() => undefined);
  }
}

/** After the time that was given, and after all was sent once: what the guest needs most is there then. */
function isTime({ postCopy }: Departure, { elapsedMs, iteration }: JobStats): boolean {
  return postCopy !== undefined && elapsedMs >= postCopy.afterMs && iteration > 1;
}

/** The point of no return. What fails before leaves the machine here; so does a cancel. */
async function letGuestGo(departure: Departure): Promise<void> {
  const { host, domain, receiver, context } = departure;
  try {
    await receiver.beginPostCopy();
    if (context.signal.aborted) return;
    departure.gone = true;
    await migrateStartPostCopy(host.client, domain);
  } catch (error) {
    // Refused when everything was sent meanwhile; when the connection has broken, the copy ends with that.
    if (isDurastackError(error, 'STEP_REFUSED')) departure.gone = false;
    unlessItPasses(error);
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
  const postCopy = departure.postCopy !== undefined;
  const stay = async (): Promise<void> => migrateConfirm(connection, domain, { cancelled: true, postCopy });
  if (context.signal.aborted && !departure.gone) {
    await stay();
    throw context.signal.reason;
  }
  const finishing = hypervisors.during(receiver.finish({ cookie: cookie.toString('base64') }));
  const finished = await finishing.catch((cause: unknown) => {
    const text = `Nobody can tell whether ${domain.name} runs at the destination: it is held here`;
    throw new DurastackError('STEP_REFUSED', text, { cause });
  });
  if (!finished.runs) {
    if (!departure.gone) await stay();
    throw new DurastackError('STEP_REFUSED', `${domain.name} could not run at the destination; it runs on here`);
  }
  const end = { cookie: Buffer.from(finished.cookie, 'base64'), cancelled: false, postCopy };
  await hypervisors.during(migrateConfirm(connection, domain, end)).catch(unlessItPasses);
  const stats = await jobStats(host.client, domain, true).catch(unlessItPasses);
  return stats?.downtimeMs ?? 0;
}
