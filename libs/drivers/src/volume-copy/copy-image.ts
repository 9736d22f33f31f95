/** Copies and compares images that nobody writes to, by qemu-img. */
import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { VerbContext } from '../driver.js';
import type { DiskSource } from '../pool-driver.js';
import { run } from '../process/run.js';

/** Copying a large disk takes hours; what hangs for longer is ended. */
const LONGEST_COPY_MS = 24 * 60 * 60_000;
const PROGRESS = /\((\d+(?:\.\d+)?)\/100%\)/g;
/** qemu-img's exit status of images that differ. */
const DIFFERENT = 1;

/** What is copied, and where to. The destination exists, is empty, and is as large as the source. */
export interface ImageCopy {
  readonly from: DiskSource;
  readonly to: DiskSource;
  readonly sizeBytes: number;
  readonly bytesPerSecond: number | undefined;
}

/**
 * Copies every byte, with what lies under the source, so that the destination stands alone.
 *
 * @throws DurastackError `STEP_REFUSED` when qemu-img fails: the source is in use, the pool is full
 */
export async function copyImage(copy: ImageCopy, { signal, progress }: VerbContext): Promise<void> {
  const { from, to, sizeBytes, bytesPerSecond } = copy;
  const rate = bytesPerSecond === undefined ? [] : ['-r', String(bytesPerSecond)];
  const args = ['convert', '-p', ...rate, '-n', '--target-is-zero', '-T', cacheOf(from), '-t', cacheOf(to)];
  await run('qemu-img', [...args, '-f', from.format, '-O', to.format, fileName(from), fileName(to)], {
    signal,
    timeoutMs: LONGEST_COPY_MS,
    onOutput: percents((percent) => progress(percent, progressText('copied', percent, sizeBytes))),
  });
}

/** Whether the guest would read the same from both, byte by byte. */
export async function sameContent(copy: ImageCopy, { signal, progress }: VerbContext): Promise<boolean> {
  const { from, to, sizeBytes } = copy;
  try {
    const formats = ['-f', from.format, '-F', to.format, '-T', from.format === to.format ? cacheOf(from) : 'writeback'];
    await run('qemu-img', ['compare', '-p', ...formats, fileName(from), fileName(to)], {
      signal,
      timeoutMs: LONGEST_COPY_MS,
      onOutput: percents((percent) => progress(percent, progressText('verified', percent, sizeBytes))),
    });
    return true;
  } catch (error) {
    if (isDurastackError(error) && error.details['exitCode'] === DIFFERENT) return false;
    throw error;
  }
}

/** `copied 512 of 1024 MiB`. */
export function progressText(done: string, percent: number, totalBytes: number): string {
  const mib = (bytes: number): number => Math.floor(bytes / 2 ** 20);
  return `${done} ${mib((totalBytes * percent) / 100)} of ${mib(totalBytes)} MiB`;
}

/**
 * Room for what the images really take: a pool that fills up while a disk is mirrored would stop the copy late.
 *
 * @throws DurastackError `NO_CAPACITY` with what is free and what is needed
 */
export async function requireRoom(from: DiskSource, to: DiskSource): Promise<void> {
  if (from.type !== 'file' || to.type !== 'file') return;
  const files = [from.path, ...(from.backing === undefined ? [] : [from.backing])];
  const sizes = await Promise.all(files.map(async (path) => (await stat(path)).blocks * 512));
  const needed = sizes.reduce((sum, bytes) => sum + bytes, 0);
  const { bavail, bsize } = await statfs(dirname(to.path));
  if (bavail * bsize >= needed) return;
  const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
  throw new DurastackError(
    'NO_CAPACITY',
    `The pool in ${dirname(to.path)} has ${mib(bavail * bsize)} free; the volume takes ${mib(needed)}. Free space there, or choose another pool.`,
  );
}

/** The host's page cache must stay out of what several hosts may hold. */
const cacheOf = (disk: DiskSource): string => (disk.type === 'file' && disk.shared ? 'none' : 'writeback');

function fileName(disk: DiskSource): string {
  if (disk.type === 'file') return disk.path;
  throw new DurastackError('STEP_REFUSED', `A disk of type ${disk.type} cannot be copied while it is not in use`);
}

function percents(report: (percent: number) => void): (text: string) => void {
  return (text) => {
    const last = [...text.matchAll(PROGRESS)].at(-1)?.[1];
    if (last !== undefined) report(Number(last));
  };
}
