/**
 * The phases of libvirt's migration protocol, version 3: Begin, Perform and Confirm at the source, Prepare and Finish at
 * the destination. Whoever drives them passes the cookies on; the two daemons never speak to each other.
 *
 * All phases of one side belong to one connection. When the destination's ends before Finish, its daemon removes the
 * copy that waits; when the source's ends after Perform, the machine stays paused there, and nothing else happens.
 */
import { readDomain, type Domain, type LibvirtClient } from './client.js';
import { PROCEDURE } from './protocol.js';
import { XdrWriter, type XdrReader } from './xdr.js';

/** virDomainMigrateFlags. */
const LIVE = 1;
const CHANGE_PROTECTION = 256;
/** libvirt does not know which directories are shared; the control plane does. */
const UNSAFE = 512;
const ABORT_ON_ERROR = 4_096;
const AUTO_CONVERGE = 8_192;
/** The content of disks goes along, whole. */
const NON_SHARED_DISK = 64;
/** What the guest writes meanwhile is acknowledged when both sides have it: the copy ends however much that is. */
const SYNCHRONOUS_WRITES = 262_144;
/** The guest may go before its memory has. */
const POST_COPY = 32_768;

const DESTINATION_FLAGS = LIVE | UNSAFE;
const SOURCE_FLAGS = DESTINATION_FLAGS | ABORT_ON_ERROR | AUTO_CONVERGE | CHANGE_PROTECTION;

/** Starting a QEMU, or letting it load its devices' state. */
const PHASE_TIMEOUT_MS = 60_000;
/** Copying takes as long as it takes; it is watched and aborted by other means. */
const PERFORM_TIMEOUT_MS = 2 ** 31 - 1;

/** virTypedParameterType. */
const PARAMETER = { int: 1, uint: 2, llong: 3, ullong: 4, double: 5, boolean: 6, string: 7 } as const;
const NO_COOKIE = Buffer.alloc(0);
const MIB = 2 ** 20;

/** What the source's daemon says at the beginning: the machine's live definition, and its cookie. */
export interface Begun {
  readonly xml: string;
  readonly cookie: Buffer;
}

/** Disks whose content goes along. */
export interface DisksToo {
  /** Their target names. */
  readonly targets: readonly string[];
  /** What it passes through on this side. */
  readonly socketPath: string;
  /** How fast each is copied at most. */
  readonly bytesPerSecond?: number | undefined;
}

/** What every phase must be told alike. */
export interface Manner {
  readonly disks?: DisksToo | undefined;
  /** See {@link migrateStartPostCopy}. */
  readonly postCopy: boolean;
}

const flagsOf = (flags: number, { disks, postCopy }: Manner): number =>
  flags | (disks === undefined ? 0 : NON_SHARED_DISK | SYNCHRONOUS_WRITES) | (postCopy ? POST_COPY : 0);

const parametersOf = (disks: DisksToo | undefined): readonly [string, string][] =>
  disks === undefined
    ? []
    : [
        ['disks_uri', `unix://${disks.socketPath}`],
        ...disks.targets.map((target): [string, string] => ['migrate_disks', target]),
      ];

/** One limit for disks and memory, in whole MiB per second. */
function speedOf(disks: DisksToo | undefined): readonly [string, bigint][] {
  if (disks?.bytesPerSecond === undefined) return [];
  return [['bandwidth', BigInt(Math.max(1, Math.round(disks.bytesPerSecond / MIB)))]];
}

/** Source: begins; the machine runs on. */
export async function migrateBegin(client: LibvirtClient, domain: Domain, manner: Manner): Promise<Begun> {
  const targets = parametersOf(manner.disks).filter(([name]) => name === 'migrate_disks');
  const reply = await client.callOn(
    domain,
    PROCEDURE.domainMigrateBegin3Params,
    (args) => parameters(args, targets).uint(flagsOf(SOURCE_FLAGS, manner)),
    PHASE_TIMEOUT_MS,
  );
  return { cookie: reply.opaque(), xml: reply.string() };
}

/** Destination: starts a QEMU of that definition, which waits for memory on a socket at `socketPath`. */
export async function migratePrepare(
  client: LibvirtClient,
  offer: { name: string; xml: string; socketPath: string; cookie: Buffer } & Manner,
): Promise<Buffer> {
  const { name, xml, socketPath, cookie, disks } = offer;
  const args = parameters(new XdrWriter(), [
    ['migrate_uri', `unix://${socketPath}`],
    ['destination_name', name],
    ['destination_xml', xml],
    ...parametersOf(disks),
  ]);
  const reply = await client.callHost(
    PROCEDURE.domainMigratePrepare3Params,
    args.opaque(cookie).uint(flagsOf(DESTINATION_FLAGS, offer)),
    PHASE_TIMEOUT_MS,
  );
  return reply.opaque();
}

/**
 * Source: copies the disks that go along into theirs, no faster than they may be, and memory into the socket at
 * `socketPath`; when it returns, the machine is paused, and everything is sent or, by post-copy, will be fetched. Memory is
 * as slow as the disks until {@link liftSpeed} is called.
 */
export async function migratePerform(
  client: LibvirtClient,
  domain: Domain,
  passage: { socketPath: string; cookie: Buffer } & Manner,
): Promise<Buffer> {
  const { socketPath, cookie, disks } = passage;
  const reply = await client.callOn(
    domain,
    PROCEDURE.domainMigratePerform3Params,
    (args) =>
      parameters(args.optionalString(undefined), [
        ['migrate_uri', `unix://${socketPath}`],
        ...parametersOf(disks),
        ...speedOf(disks),
      ])
        .opaque(cookie)
        .uint(flagsOf(SOURCE_FLAGS, passage)),
    PERFORM_TIMEOUT_MS,
  );
  return reply.opaque();
}

/** libvirt's word for no limit, in MiB per second: as many bytes as it can count. */
const NO_LIMIT = 2n ** 43n - 1n;

/** Source, while {@link migratePerform} runs: memory goes as fast as it can from here on. */
export async function liftSpeed(client: LibvirtClient, domain: Domain): Promise<void> {
  await client.callOn(domain, PROCEDURE.domainMigrateSetMaxSpeed, (args) => args.ulong(NO_LIMIT).uint(0));
}

/**
 * Source, while {@link migratePerform} runs: the machine stands still as soon as it can, and may run at the destination,
 * which fetches what it lacks. There is no way back from there: neither side has the machine whole.
 */
export async function migrateStartPostCopy(client: LibvirtClient, domain: Domain): Promise<void> {
  await client.callOn(domain, PROCEDURE.domainMigrateStartPostCopy, (args) => args.uint(0));
}

/** Destination: lets the machine run; or, `cancelled`, ends the copy. By post-copy it returns when all memory has come. */
export async function migrateFinish(
  client: LibvirtClient,
  end: { name: string; cookie: Buffer; cancelled: boolean } & Manner,
): Promise<{ domain: Domain; cookie: Buffer }> {
  const args = parameters(new XdrWriter(), [['destination_name', end.name]])
    .opaque(end.cookie)
    .uint(flagsOf(DESTINATION_FLAGS, { postCopy: end.postCopy }))
    .int(end.cancelled ? 1 : 0);
  const timeoutMs = end.postCopy ? PERFORM_TIMEOUT_MS : PHASE_TIMEOUT_MS;
  const reply = await client.callHost(PROCEDURE.domainMigrateFinish3Params, args, timeoutMs);
  return { domain: readDomain(reply), cookie: reply.opaque() };
}

/** Source: ends the paused machine; or, `cancelled`, lets it go on here. */
export async function migrateConfirm(
  client: LibvirtClient,
  domain: Domain,
  { cookie = NO_COOKIE, cancelled, postCopy }: { cookie?: Buffer; cancelled: boolean; postCopy: boolean },
): Promise<void> {
  await client.callOn(
    domain,
    PROCEDURE.domainMigrateConfirm3Params,
    (args) =>
      parameters(args, [])
        .opaque(cookie)
        .uint(flagsOf(SOURCE_FLAGS, { postCopy }))
        .int(cancelled ? 1 : 0),
    PHASE_TIMEOUT_MS,
  );
}

/** Asks the job that is under way to end; it ends a moment later. */
export async function abortJob(client: LibvirtClient, domain: Domain): Promise<void> {
  await client.callOn(domain, PROCEDURE.domainAbortJob, (args) => args);
}

/** virDomainJobType. */
const NO_JOB = 0;
const COMPLETED_STATS = 1;
const KEEP_COMPLETED = 2;

/** How far a migration is, or how it went. Bytes; milliseconds. */
export interface JobStats {
  readonly totalBytes: number;
  readonly processedBytes: number;
  readonly remainingBytes: number;
  readonly elapsedMs: number;
  /** As expected, or, of a completed job, as measured. */
  readonly downtimeMs: number;
  readonly iteration: number;
  /** Of disks that go along; 0 when none does. */
  readonly diskBytes: number;
  readonly diskRemainingBytes: number;
  /** As fast as memory is being sent. */
  readonly bytesPerSecond: number;
  /** As fast as the guest writes to memory; 0 until it was measured. */
  readonly dirtyBytesPerSecond: number;
}

/** The job under way, or (`completed`) the last one. Undefined when there is none. */
export async function jobStats(
  client: LibvirtClient,
  domain: Domain,
  completed: boolean,
): Promise<JobStats | undefined> {
  const flags = completed ? COMPLETED_STATS | KEEP_COMPLETED : 0;
  const reply = await client.callOn(domain, PROCEDURE.domainGetJobStats, (args) => args.uint(flags));
  if (reply.int() === NO_JOB) return undefined;
  const values = readParameters(reply);
  const number = (name: string): number => Number(values.get(name) ?? 0);
  return {
    totalBytes: number('memory_total'),
    processedBytes: number('memory_processed'),
    remainingBytes: number('memory_remaining'),
    elapsedMs: number('time_elapsed'),
    downtimeMs: number('downtime'),
    iteration: number('memory_iteration'),
    diskBytes: number('disk_total'),
    diskRemainingBytes: number('disk_remaining'),
    bytesPerSecond: number('memory_bps'),
    dirtyBytesPerSecond: number('memory_dirty_rate') * number('memory_page_size'),
  };
}

/** virCPUCompareResult. */
const CPU_INCOMPATIBLE = 0;

/** Whether this host offers everything that a processor, described as XML, has. */
export async function offersCpu(client: LibvirtClient, cpuXml: string): Promise<boolean> {
  const args = new XdrWriter().string(cpuXml).uint(0);
  return (await client.callHost(PROCEDURE.connectCompareCpu, args)).int() > CPU_INCOMPATIBLE;
}

function parameters(args: XdrWriter, entries: readonly (readonly [string, string | bigint])[]): XdrWriter {
  args.uint(entries.length);
  for (const [name, value] of entries)
    if (typeof value === 'string') args.string(name).int(PARAMETER.string).string(value);
    else args.string(name).int(PARAMETER.ullong).ulong(value);
  return args;
}

function readParameters(reply: XdrReader): Map<string, number | bigint | string> {
  const values = new Map<string, number | bigint | string>();
  for (let left = reply.uint(); left > 0; left -= 1) values.set(reply.string(), readValue(reply));
  return values;
}

function readValue(reply: XdrReader): number | bigint | string {
  switch (reply.int()) {
    case PARAMETER.uint:
      return reply.uint();
    case PARAMETER.llong:
    case PARAMETER.ullong:
      return reply.ulong();
    case PARAMETER.double:
      return reply.double();
    case PARAMETER.string:
      return reply.string();
    default:
      return reply.int();
  }
}
