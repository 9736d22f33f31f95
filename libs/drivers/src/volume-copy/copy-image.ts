/** Copies and compares images that nobody writes to, by qemu-img. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { VerbContext } from '../driver.js';
import type { DiskSource, ToolImage } from '../pool-driver.js';
import type { HostShell } from '../process/host-shell.js';

/** Copying a large disk takes hours; what hangs for longer is ended. */
const LONGEST_COPY_MS = 24 * 60 * 60_000;
const PROGRESS = /\((\d+(?:\.\d+)?)\/100%\)/g;
/** qemu-img's exit status of images that differ. */
const DIFFERENT = 1;

/** What is copied, and where to. */
export interface ImageCopy {
  readonly from: ToolImage;
  /** Exists, is empty, and is as large as the source. */
  readonly to: ToolImage;
  readonly bytesPerSecond?: number | undefined;
  /** Where the tool runs. */
  readonly shell: Pick<HostShell, 'run'>;
}

/**
 * Copies every byte, with what lies under the source, so that the destination stands alone.
 *
 * @throws DurastackError `STEP_REFUSED` when qemu-img fails: the source is in use, the pool is full
 */
export async function copyImage(copy: ImageCopy, { signal, progress }: VerbContext): Promise<void> {
  const { from, to, bytesPerSecond, shell } = copy;
  const rate = bytesPerSecond === undefined ? [] : ['-r', String(bytesPerSecond)];
  const caches = ['-T', cacheOf(from.shared), '-t', cacheOf(to.shared)];
  const images = ['-f', from.format, '-O', to.format, from.name, to.name];
  await shell.run('qemu-img', ['convert', '-p', ...rate, '-n', '--target-is-zero', ...caches, ...images], {
    signal,
    timeoutMs: LONGEST_COPY_MS,
    onOutput: percents((percent) => progress(...copyProgress('copied', percent, from.sizeBytes))),
  });
}

/** Whether a guest would read the same from both, byte by byte. */
export async function sameContent(copy: ImageCopy, { signal, progress }: VerbContext): Promise<boolean> {
  const { from, to, shell } = copy;
  const images = ['-f', from.format, '-F', to.format, '-T', cacheOf(from.shared || to.shared), from.name, to.name];
  try {
    await shell.run('qemu-img', ['compare', '-p', ...images], {
      signal,
      timeoutMs: LONGEST_COPY_MS,
      onOutput: percents((percent) => progress(...copyProgress('verified', percent, from.sizeBytes))),
    });
    return true;
  } catch (error) {
    if (isDurastackError(error) && error.details['exitCode'] === DIFFERENT) return false;
    throw error;
  }
}

/** `copied 512 of 1024 MiB`, and the same in numbers. */
export function copyProgress(
  done: string,
  percent: number | undefined,
  totalBytes: number,
): Parameters<VerbContext['progress']> {
  const processedBytes = Math.floor((totalBytes * (percent ?? 0)) / 100);
  const text = `${done} ${mib(processedBytes)} of ${mib(totalBytes)} MiB`;
  return [percent, text, { processedBytes, remainingBytes: totalBytes - processedBytes, totalBytes }];
}

/**
 * Room for what the image really takes: a pool that fills up while a disk is mirrored would stop the copy late.
 *
 * @throws DurastackError `NO_CAPACITY` with what is free and what is needed
 */
export async function requireRoom({ allocatedBytes }: ToolImage, to: DiskSource): Promise<void> {
  if (allocatedBytes === undefined || to.type !== 'file') return;
  const { bavail, bsize } = await statfs(dirname(to.path));
  if (bavail * bsize >= allocatedBytes) return;
  const text = `The pool in ${dirname(to.path)} has ${mib(bavail * bsize)} MiB free; the volume takes ${mib(allocatedBytes)}`;
  throw new DurastackError('NO_CAPACITY', `${text} MiB. Free space there, or choose another pool`);
}

const mib = (bytes: number): number => Math.floor(bytes / 2 ** 20);
const cacheOf = (shared: boolean): string => (shared ? 'none' : 'writeback');

function percents(report: (percent: number) => void): (text: string) => void {
  return (text) => {
    const last = [...text.matchAll(PROGRESS)].at(-1)?.[1];
    if (last !== undefined) report(Number(last));
  };
}
