/** Lets `qemu-img` look at an untrusted image and convert it, confined, and judges what it says. */
import type { FileHandle } from 'node:fs/promises';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { z } from 'zod';
import { runConfined } from './confined-tool.js';
import { judgeHeader, qemuFormatOf, refuse, type ImageFormat } from './image-header.js';

/** Where a confined program finds the first file it was given. */
const FIRST_FILE = '/proc/self/fd/3';
const SECOND_FILE = '/proc/self/fd/4';
const INFO_LIMITS = { cpuSeconds: 20, maxFileBytes: 0 };
const INFO_TIMEOUT_MS = 60_000;
const CHECK_LIMITS = { cpuSeconds: 300, maxFileBytes: 0 };
const CONVERT_CPU_SECONDS = 4 * 3600;
/** Metadata of a qcow2 beside its data: below 1/1000 and some clusters. */
const QCOW2_OVERHEAD_BYTES = 64 * 1024 * 1024;

/** What of `qemu-img info`'s answer is judged. */
const imageInfo = z.object({
  format: z.string(),
  'virtual-size': z.int().nonnegative(),
  encrypted: z.boolean().optional(),
  'backing-filename': z.string().optional(),
  'full-backing-filename': z.string().optional(),
  'format-specific': z
    .object({
      data: z.object({
        corrupt: z.boolean().optional(),
        'data-file': z.string().optional(),
        'create-type': z.string().optional(),
        'parent-cid': z.number().optional(),
        extents: z.array(z.object({ filename: z.string() })).optional(),
      }),
    })
    .optional(),
});

/** How to look at an image. */
export interface Inspection {
  readonly file: FileHandle;
  readonly format: ImageFormat;
  readonly maxVirtualBytes: number;
  readonly signal?: AbortSignal;
}

/**
 * Judges header, `qemu-img info` and `qemu-img check`.
 *
 * @returns the virtual size in bytes
 * @throws DurastackError `IMAGE_REFUSED` when anything is wrong or points outside the file
 */
export async function inspectImage(image: Inspection): Promise<number> {
  await judgeHeader(image.file, image.format);
  const text = await qemuImg(
    image,
    ['info', '--output=json', '-f', qemuFormatOf(image.format), FIRST_FILE],
    INFO_LIMITS,
  );
  const parsed = imageInfo.safeParse(parseJson(text));
  if (!parsed.success) throw refuse(image.format, 'qemu-img describes it in a way that is not understood');
  const info = parsed.data;
  const why = faultOf(info, image);
  if (why !== undefined) throw refuse(image.format, why);
  if (qemuFormatOf(image.format) !== 'raw') await checkImage(image);
  return info['virtual-size'];
}

function faultOf(info: z.infer<typeof imageInfo>, image: Inspection): string | undefined {
  const data = info['format-specific']?.data;
  if (info.format !== qemuFormatOf(image.format)) return `qemu-img reads it as ${info.format}`;
  if (info['backing-filename'] !== undefined || info['full-backing-filename'] !== undefined) {
    return 'it names a backing file; flatten it with qemu-img convert';
  }
  if (data?.['data-file'] !== undefined) return 'it keeps its data in another file';
  if (info.encrypted === true) return 'it is encrypted';
  if (data?.corrupt === true) return 'it is marked as corrupt';
  if (data?.['parent-cid'] !== undefined && data['parent-cid'] !== 0xffff_ffff) return 'it names a parent image';
  if (data?.extents?.some((extent) => extent.filename !== FIRST_FILE) === true)
    return 'it names extents in other files';
  if (info['virtual-size'] === 0) return 'its virtual size is 0';
  if (info['virtual-size'] > image.maxVirtualBytes) {
    return `its virtual size of ${info['virtual-size']} bytes exceeds the limit of ${image.maxVirtualBytes} bytes`;
  }
  return undefined;
}

/** Finds what is cut off or damaged inside. */
async function checkImage(image: Inspection): Promise<void> {
  try {
    await qemuImg(image, ['check', '-q', '--output=json', '-f', image.format, FIRST_FILE], CHECK_LIMITS);
  } catch (error) {
    // Status 3: lost space only, which the conversion leaves behind. 63: the format has no check.
    if (isDurastackError(error) && (error.details.exitCode === 3 || error.details.exitCode === 63)) return;
    throw error;
  }
}

async function qemuImg(
  image: Inspection,
  args: readonly string[],
  limits: { cpuSeconds: number; maxFileBytes: number },
): Promise<string> {
  try {
    return await runConfined('qemu-img', args, limits, {
      files: [image.file.fd],
      timeoutMs: Math.max(INFO_TIMEOUT_MS, limits.cpuSeconds * 2000),
      failureCode: 'IMAGE_REFUSED',
      signal: image.signal,
    });
  } catch (error) {
    if (!isDurastackError(error, 'IMAGE_REFUSED') || error.details.program === undefined) throw error;
    const words = String(error.details.stderr).replaceAll(FIRST_FILE, 'it');
    throw new DurastackError(
      'IMAGE_REFUSED',
      `The image was given as ${image.format}, but qemu-img ${args[0]} finds it damaged or cut off: ${words}`,
      { cause: error, details: error.details },
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The schema refuses it.
  }
}

/** How to convert an image that passed {@link inspectImage}. */
export interface Conversion {
  readonly source: FileHandle;
  readonly format: ImageFormat;
  /** Open for writing; must be writable for nobody when this process is root. */
  readonly target: FileHandle;
  readonly virtualSizeBytes: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (percent: number) => void;
}

/**
 * Writes a standalone qcow2.
 *
 * @throws DurastackError `IMAGE_REFUSED` when the source cannot be read to its end
 */
export async function convertImage(conversion: Conversion): Promise<void> {
  const from = ['-f', qemuFormatOf(conversion.format)];
  const args = ['convert', '-p', ...from, '-O', 'qcow2', '-o', 'compat=1.1', FIRST_FILE, SECOND_FILE];
  const limits = {
    cpuSeconds: CONVERT_CPU_SECONDS,
    maxFileBytes: Math.ceil(conversion.virtualSizeBytes * 1.01) + QCOW2_OVERHEAD_BYTES,
  };
  await runConfined('qemu-img', args, limits, {
    files: [conversion.source.fd, conversion.target.fd],
    timeoutMs: conversion.timeoutMs,
    failureCode: 'IMAGE_REFUSED',
    signal: conversion.signal,
    onOutput: (text) => {
      const percent = [...text.matchAll(/\(([\d.]+)\/100%\)/g)].at(-1)?.[1];
      if (percent !== undefined) conversion.onProgress?.(Number(percent));
    },
  });
}
