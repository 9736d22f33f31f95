/** libvirt's block jobs, as far as the driver copies disks of running machines. */
import type { Domain, LibvirtClient } from './client.js';
import { PROCEDURE } from './protocol.js';

/** Starting and ending a job may have to wait for storage. */
const BLOCK_JOB_TIMEOUT_MS = 60_000;

/** virDomainBlockCopyFlags. */
const COPY_REUSE_EXTERNAL = 2;
/** A persistent domain may be copied from only when the job may be lost with QEMU's process. */
const COPY_TRANSIENT_JOB = 4;
/** What the guest writes goes to both disks before it counts as written. */
const COPY_SYNCHRONOUS_WRITES = 8;
/** virDomainBlockJobAbortFlags. */
const ABORT_PIVOT = 2;
/** virDomainBlockJobType. */
const TYPE_COPY = 2;
/** virTypedParameterType. */
const PARAMETER_ULLONG = 4;

/** A disk's block job. */
export interface BlockJob {
  readonly isCopy: boolean;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** A copy to be started. */
export interface BlockCopy {
  /** The disk's target name, e.g. `vda`. */
  readonly disk: string;
  /** `<disk>` element of the destination, which exists already. */
  readonly destinationXml: string;
  readonly bytesPerSecond: number | undefined;
}

/** Begins to mirror a disk of a running machine to a destination that was made before. */
export async function startBlockCopy(client: LibvirtClient, domain: Domain, copy: BlockCopy): Promise<void> {
  const { disk, destinationXml, bytesPerSecond } = copy;
  await client.callOn(
    domain,
    PROCEDURE.domainBlockCopy,
    (args) => {
      args.string(disk).string(destinationXml);
      if (bytesPerSecond === undefined) args.uint(0);
      else args.uint(1).string('bandwidth').int(PARAMETER_ULLONG).ulong(BigInt(bytesPerSecond));
      return args.uint(COPY_REUSE_EXTERNAL | COPY_TRANSIENT_JOB | COPY_SYNCHRONOUS_WRITES);
    },
    BLOCK_JOB_TIMEOUT_MS,
  );
}

/** The job of a disk; undefined when there is none. */
export async function blockJob(client: LibvirtClient, domain: Domain, disk: string): Promise<BlockJob | undefined> {
  const reply = await client.callOn(domain, PROCEDURE.domainGetBlockJobInfo, (args) => args.string(disk).uint(0));
  if (reply.int() === 0) return undefined;
  const type = reply.int();
  reply.ulong(); // bandwidth
  return { isCopy: type === TYPE_COPY, doneBytes: Number(reply.ulong()), totalBytes: Number(reply.ulong()) };
}

/** Ends the copy: the machine stays with the disk that it has. Returns when QEMU has let go of the destination. */
export async function abortBlockCopy(client: LibvirtClient, domain: Domain, disk: string): Promise<void> {
  await client.callOn(domain, PROCEDURE.domainBlockJobAbort, (args) => args.string(disk).uint(0), BLOCK_JOB_TIMEOUT_MS);
}

/** Ends the copy: the machine goes over to the destination. Returns when it has. */
export async function pivotBlockCopy(client: LibvirtClient, domain: Domain, disk: string): Promise<void> {
  await client.callOn(
    domain,
    PROCEDURE.domainBlockJobAbort,
    (args) => args.string(disk).uint(ABORT_PIVOT),
    BLOCK_JOB_TIMEOUT_MS,
  );
}
