/** A machine's own files on the host: `<stateDir>/vms/<vmId>/…`. */
import { constants } from 'node:fs';
import { chown, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DurastackError } from '@durastack/contracts/errors';
import type { HostUser } from '../files/reachable.js';

/** Paths of one machine's files. */
export interface VmFiles {
  readonly dir: string;
  readonly seed: string;
  readonly serialLog: string;
  /** The only directory in which the machine's QEMU may make files; nothing in it is to be trusted. */
  readonly vncDir: string;
  readonly vncSocket: string;
  /** Where QEMU takes a machine's memory that comes from another host; in the same directory. */
  readonly incomingSocket: string;
  /** Where the agent takes its memory that goes to another host. */
  readonly outgoingSocket: string;
  /** The same two for the content of disks that go along. */
  readonly incomingDisks: string;
  readonly outgoingDisks: string;
}

/** Names a file without opening it (open(2)); Node has no name for it. x86-64. */
const O_PATH = 0o10000000;

/** Beyond this the older half of a serial log is dropped: a guest must not fill the host's disk by printing. */
const SERIAL_LOG_MAX_BYTES = 4 * 1024 * 1024;

/** The paths of a machine's files. */
export function vmFiles(stateDir: string, vmId: string): VmFiles {
  const dir = join(stateDir, 'vms', vmId);
  const file = (name: string): string => join(dir, name);
  return {
    ...{ dir, seed: file('seed.img'), serialLog: file('serial.log') },
    ...{ vncDir: file('vnc'), vncSocket: file('vnc/sock') },
    ...{ incomingSocket: file('vnc/in'), outgoingSocket: file('out') },
    ...{ incomingDisks: file('vnc/disks'), outgoingDisks: file('disks') },
  };
}

/**
 * Makes the machine's directories: its own, which others pass through without listing or changing it, and below it the
 * one where QEMU makes its socket. QEMU's user may not own the former: the agent, who is root, works in it.
 *
 * @param qemu the user and group that QEMU runs as
 */
export async function makeVmDir(files: VmFiles, qemu: HostUser): Promise<void> {
  await setUp(files.dir, 0o711);
  await setUp(files.vncDir, 0o700);
  await chown(files.vncDir, qemu.uid, qemu.gid);
}

/** Never through a symbolic link. */
async function setUp(dir: string, mode: number): Promise<void> {
  await mkdir(dir, { recursive: true, mode });
  const handle = await open(dir, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  await handle.chmod(mode).finally(() => handle.close());
}

/**
 * Calls `use` with a path of a socket that QEMU made, which is good as long as that runs. A symbolic link in the socket's
 * place is refused: a QEMU that was taken over would lead the agent, who is root, to any socket of the host.
 */
export async function withSocket<T>(socket: string, use: (path: string) => Promise<T>): Promise<T> {
  const handle = await open(socket, O_PATH | constants.O_NOFOLLOW);
  try {
    if (!(await handle.stat()).isSocket()) {
      throw new DurastackError('ENVIRONMENT', `${socket} is not a socket; stop and start the machine`);
    }
    return await use(`/proc/self/fd/${handle.fd}`);
  } finally {
    await handle.close();
  }
}

/** Ids of all machines that have a directory on the host; none when no machine ever was there. */
export async function listVmDirs(stateDir: string): Promise<string[]> {
  const names = await readdir(join(stateDir, 'vms')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => /^[0-9a-f-]{36}$/.test(name));
}

/** The machine's directory is gone with everything in it. */
export function removeVmDir(files: VmFiles): Promise<void> {
  return rm(files.dir, { recursive: true, force: true });
}

/** The last bytes of the serial log; empty when the machine never ran. NOT_FOUND when it is not on this host. */
export async function readSerialLog(files: VmFiles, maxBytes: number): Promise<{ text: string; truncated: boolean }> {
  const log = await open(files.serialLog, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!log) return noLog(files);
  try {
    const { size } = await log.stat();
    const length = Math.min(size, maxBytes);
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await log.read(buffer, 0, length, size - length);
    return { text: buffer.toString('utf8', 0, bytesRead), truncated: size > length };
  } finally {
    await log.close();
  }
}

async function noLog(files: VmFiles): Promise<{ text: string; truncated: boolean }> {
  const known = await stat(files.dir).then(
    () => true,
    () => false,
  );
  if (known) return { text: '', truncated: false };
  throw new DurastackError('NOT_FOUND', `There is no machine with files in ${files.dir} on this host`);
}

/**
 * Cuts a serial log that has grown too long. QEMU appends, so it goes on at the new end; what it prints in between is
 * lost.
 */
export async function boundSerialLog(files: VmFiles): Promise<void> {
  const size = await stat(files.serialLog).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size <= SERIAL_LOG_MAX_BYTES) return;
  const log = await open(files.serialLog, 'r+');
  try {
    const kept = Buffer.alloc(SERIAL_LOG_MAX_BYTES / 2);
    const { bytesRead } = await log.read(kept, 0, kept.length, Math.max(0, size - kept.length));
    await log.truncate(0);
    await log.write(kept, 0, bytesRead, 0);
  } finally {
    await log.close();
  }
}

/** Replaces a file as a whole. */
export async function replaceFile(path: string, content: string): Promise<void> {
  await writeFile(`${path}.part`, content, { mode: 0o600 });
  await rename(`${path}.part`, path);
}
