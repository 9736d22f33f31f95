/**
 * Verb `fetchImage`: from a URL to a standalone qcow2 in the image store.
 *
 * Download (checked addresses, size, checksum) → decompression by the URL's suffix → inspection of the given
 * format → conversion → publication. Everything before the last step happens in partial files that are removed
 * whatever comes; bytes from outside are read by programs without privileges only.
 */
import { chmod, chown, mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { asDurastackError, DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { VerbParams, VerbResult } from '@durastack/contracts/agent/verbs';
import type { VerbContext } from '../driver.js';
import { addressPolicy } from './address-policy.js';
import { parseChecksum } from './checksum.js';
import { canDropPrivileges, NOBODY_ID, runConfined } from './confined-tool.js';
import { download, type Downloaded, type ResolveName } from './download.js';
import { IMAGE_FILE_MODE, imagePath, partialPath, publishFile, removePartials } from './image-files.js';
import { convertImage, inspectImage } from './inspect-image.js';

/** What tests and unusual installations change. */
export interface FetchImageOptions {
  /** Instead of the system's resolver. */
  readonly resolve?: ResolveName;
  /** No byte for so long ends the download. Default 30 s. */
  readonly idleTimeoutMs?: number;
  /** The whole of it. Default 6 h. */
  readonly totalTimeoutMs?: number;
}

const DEFAULT_TOTAL_TIMEOUT_MS = 6 * 3_600_000;
/** Room for the headers of formats around a disk of the largest admitted size. */
const FORMAT_OVERHEAD_BYTES = 64 * 1024 * 1024;
const DECOMPRESSORS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  gz: ['gzip', '-dc'],
  bz2: ['bzip2', '-dc'],
  xz: ['xz', '-dc'],
};
const MIB = 1024 * 1024;

/**
 * Fetches an image. Repeating it replaces what was there, and removes what a crash left.
 *
 * @returns `sizeBytes` of the stored file, `sha256` of the bytes as they were downloaded
 * @throws DurastackError `IMAGE_REFUSED` with the reason, `CANCELLED` on abort, `INVALID_INPUT` for a malformed
 *   checksum or range, `ENVIRONMENT` when the store cannot be written or a tool is missing
 */
export async function fetchImage(
  params: VerbParams<'fetchImage'>,
  context: VerbContext,
  options: FetchImageOptions = {},
): Promise<VerbResult<'fetchImage'>> {
  const totalTimeoutMs = options.totalTimeoutMs ?? DEFAULT_TOTAL_TIMEOUT_MS;
  const limit = new AbortController();
  const timer = setTimeout(() => {
    limit.abort(new DurastackError('IMAGE_REFUSED', `The image was not fetched within ${totalTimeoutMs} ms.`));
  }, totalTimeoutMs);
  const signal = AbortSignal.any([context.signal, limit.signal]);
  const partials = new PartialFiles(params.store.path, params.templateId);
  try {
    await mkdir(params.store.path, { recursive: true });
    await removePartials(params.store.path, params.templateId);
    return await fetchInto(partials, { params, context, options, signal, totalTimeoutMs });
  } catch (error) {
    if (limit.signal.aborted && !context.signal.aborted) throw limit.signal.reason;
    if (context.signal.aborted && !isDurastackError(error, 'CANCELLED')) {
      throw new DurastackError('CANCELLED', 'The fetching of the image was cancelled.', { cause: error });
    }
    throw asDurastackError(error, 'ENVIRONMENT');
  } finally {
    clearTimeout(timer);
    await partials.remove();
  }
}

interface Fetch {
  readonly params: VerbParams<'fetchImage'>;
  readonly context: VerbContext;
  readonly options: FetchImageOptions;
  readonly signal: AbortSignal;
  readonly totalTimeoutMs: number;
}

async function fetchInto(partials: PartialFiles, fetch: Fetch): Promise<VerbResult<'fetchImage'>> {
  const { params, context, signal } = fetch;
  const received = await partials.create(0o640);
  const downloaded = await downloadTo(received.handle, fetch);
  const source = await decompressed(received.handle, downloaded, partials, fetch);
  context.progress(62, `Inspecting the image as ${params.format}`);
  const { format, maxVirtualBytes } = params;
  const virtualSizeBytes = await inspectImage({ file: source, format, maxVirtualBytes, signal });
  const target = await partials.create(0o660);
  await convertImage({
    source,
    format,
    target: target.handle,
    virtualSizeBytes,
    timeoutMs: fetch.totalTimeoutMs,
    signal,
    onProgress: (percent) => context.progress(65 + percent * 0.34, 'Converting the image to qcow2'),
  });
  if (signal.aborted) throw new DurastackError('CANCELLED', 'The fetching of the image was cancelled.');
  const stored = await inspectImage({
    file: target.handle,
    format: 'qcow2',
    maxVirtualBytes: virtualSizeBytes,
    signal,
  });
  const sizeBytes = (await target.handle.stat()).size;
  if (canDropPrivileges()) await chown(target.path, 0, 0);
  await chmod(target.path, IMAGE_FILE_MODE);
  await publishFile(target.path, imagePath(params.store.path, params.templateId));
  context.progress(100, 'The image is in the store');
  return { sizeBytes, virtualSizeBytes: stored, sha256: downloaded.sha256 };
}

function downloadTo(target: FileHandle, fetch: Fetch): Promise<Downloaded> {
  const { params, context, options, signal } = fetch;
  return download({
    url: params.url,
    target,
    maxBytes: params.maxBytes,
    checksum: params.checksum === undefined ? undefined : parseChecksum(params.checksum),
    mayConnect: addressPolicy(params.allowedPrivateCidrs),
    resolve: options.resolve,
    idleTimeoutMs: options.idleTimeoutMs,
    signal,
    onProgress: (receivedBytes, totalBytes) => {
      const of = totalBytes === undefined ? '' : ` of ${Math.ceil(totalBytes / MIB)}`;
      const percent = totalBytes === undefined ? undefined : (receivedBytes / Math.max(totalBytes, 1)) * 60;
      context.progress(percent, `Downloaded ${Math.floor(receivedBytes / MIB)}${of} MiB`);
    },
  });
}

/** The file itself, or what it unpacks to when the URL (as given, or after redirects) ends in .gz, .bz2 or .xz. */
async function decompressed(
  received: FileHandle,
  downloaded: Downloaded,
  partials: PartialFiles,
  fetch: Fetch,
): Promise<FileHandle> {
  const suffix = [new URL(fetch.params.url), downloaded.finalUrl]
    .map((url) => /\.(gz|bz2|xz)$/i.exec(url.pathname)?.[1]?.toLowerCase())
    .find((found) => found !== undefined);
  const command = suffix === undefined ? undefined : DECOMPRESSORS[suffix];
  if (command === undefined) return received;
  fetch.context.progress(60, `Unpacking the image (${suffix})`);
  const [tool, ...args] = command;
  const maxFileBytes = fetch.params.maxVirtualBytes + FORMAT_OVERHEAD_BYTES;
  const unpacked = await partials.create(0o640);
  try {
    await runConfined(
      tool,
      [...args, '/proc/self/fd/3'],
      { cpuSeconds: 4 * 3600, maxFileBytes },
      {
        files: [received.fd],
        stdoutFile: unpacked.handle.fd,
        timeoutMs: fetch.totalTimeoutMs,
        signal: fetch.signal,
        failureCode: 'IMAGE_REFUSED',
      },
    );
  } catch (error) {
    if (!isDurastackError(error, 'IMAGE_REFUSED')) throw error;
    const tooLarge = error.details.signal === 'SIGXFSZ' || /too large/i.test(String(error.details.stderr));
    const why = tooLarge ? `unpacks to more than ${maxFileBytes} bytes` : `cannot be unpacked: ${error.message}`;
    throw new DurastackError('IMAGE_REFUSED', `The .${suffix} file ${why}.`, { cause: error });
  }
  return unpacked.handle;
}

/** The partial files of one run, removed together. */
class PartialFiles {
  private readonly files: { path: string; handle: FileHandle }[] = [];

  constructor(
    private readonly dir: string,
    private readonly id: string,
  ) {}

  /** A new empty file, open for reading and writing; the group nobody gets the mode's group rights. */
  async create(mode: number): Promise<{ path: string; handle: FileHandle }> {
    const path = partialPath(this.dir, this.id);
    const handle = await open(path, 'wx+', 0o600);
    const file = { path, handle };
    this.files.push(file);
    if (canDropPrivileges()) await handle.chown(0, NOBODY_ID);
    await handle.chmod(mode);
    return file;
  }

  async remove(): Promise<void> {
    for (const { path, handle } of this.files) {
      await handle.close();
      await rm(path, { force: true });
    }
  }
}
