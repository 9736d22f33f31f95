/**
 * Image files in stores and pools: names, partial files, publication, removal.
 *
 * A file under its final name is always complete: it was written under a partial name (`.<id>.<random>.part`),
 * brought to disk and renamed. What a crash left behind is a partial file.
 */
import { randomBytes } from 'node:crypto';
import { constants, copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asDurastackError, DurastackError } from '@durastack/contracts/errors';
import type { DirectoryPoolSpec } from '@durastack/contracts/agent/specs';
import type { VerbParams, VerbResult } from '@durastack/contracts/agent/verbs';
import { plainFileExists, requirePlainFolder } from '../files/plain-files.js';
import type { VerbContext } from '../driver.js';

const COPY_BUFFER_BYTES = 4 * 1024 * 1024;
const PROGRESS_INTERVAL_MS = 500;
/** A copy in progress writes all the time; a partial file untouched for so long was left by a crash. */
const ABANDONED_AFTER_MS = 10 * 60_000;
/** Hypervisors that run as another user read base images; only we write them. */
export const IMAGE_FILE_MODE = 0o644;

/** Final path of a template's file in a folder. */
export const imagePath = (dir: string, templateId: string): string => join(dir, `${templateId}.qcow2`);

/** A new partial file's path in a folder. */
export const partialPath = (dir: string, id: string): string =>
  join(dir, `.${id}.${randomBytes(6).toString('hex')}.part`);

/** Removes partial files of an id; with `olderThanMs` only those untouched for so long. Nothing there is fine. */
export async function removePartials(dir: string, id: string, olderThanMs = 0): Promise<void> {
  const names = await readdir(dir).catch(noneWhenAbsent);
  for (const name of names.filter((n) => n.startsWith(`.${id}.`) && n.endsWith('.part'))) {
    const path = join(dir, name);
    const touched = await stat(path).then(
      (s) => s.mtimeMs,
      () => 0,
    );
    if (olderThanMs === 0 || Date.now() - touched > olderThanMs) await rm(path, { force: true });
  }
}

function noneWhenAbsent(error: unknown): string[] {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') return [];
  throw asDurastackError(error, 'ENVIRONMENT');
}

/** Brings a partial file to disk and gives it its final name, replacing what was there. */
export async function publishFile(partial: string, path: string): Promise<void> {
  await syncPath(partial);
  await rename(partial, path);
  await syncPath(dirname(path));
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
}

/** Verb `ensureImageGone`. */
export async function ensureImageGone(params: VerbParams<'ensureImageGone'>): Promise<VerbResult<'ensureImageGone'>> {
  await removeImage(params.store.path, params.templateId);
  return {};
}

/** The base image is gone from a directory pool. */
export async function ensureTemplateGoneFromPool(templateId: string, pool: DirectoryPoolSpec): Promise<void> {
  const dir = join(pool.path, 'templates');
  await requirePlainFolder(dir);
  await removeImage(dir, templateId);
}

async function removeImage(dir: string, templateId: string): Promise<void> {
  await removePartials(dir, templateId);
  await rm(imagePath(dir, templateId), { force: true });
}

/**
 * Copies the base image from the store to a directory pool, as a reflink where the file system can.
 * Several may run at once, on several hosts too: each writes its own partial file, the last rename wins.
 *
 * @throws DurastackError `NOT_FOUND` when the store has no such image, `CANCELLED` on abort, `ENVIRONMENT` when the
 *   pool cannot be written
 */
export async function ensureTemplateOnPool(
  params: VerbParams<'ensureTemplateOnPool'> & { readonly pool: DirectoryPoolSpec },
  context: VerbContext,
): Promise<VerbResult<'ensureTemplateOnPool'>> {
  const dir = join(params.pool.path, 'templates');
  const target = imagePath(dir, params.templateId);
  const present = await sizeOf(target);
  if (present !== undefined) return { sizeBytes: present };
  const source = imagePath(params.store.path, params.templateId);
  const sizeBytes = await sizeOf(source);
  if (sizeBytes === undefined) {
    throw new DurastackError('NOT_FOUND', `The image store ${params.store.path} has no image ${params.templateId}.`);
  }
  const partial = partialPath(dir, params.templateId);
  try {
    // Not recursive: a pool whose own folder is missing is not mounted, and must not be filled beneath.
    await mkdir(dir).catch(ignoreExisting);
    await requirePlainFolder(dir);
    await removePartials(dir, params.templateId, ABANDONED_AFTER_MS);
    await copyImage(source, partial, context);
    await publishFile(partial, target);
  } catch (error) {
    await rm(partial, { force: true });
    throw asDurastackError(error, 'ENVIRONMENT');
  }
  return { sizeBytes };
}

async function sizeOf(path: string): Promise<number | undefined> {
  if (!(await plainFileExists(path))) return undefined;
  return stat(path).then(
    (s) => s.size,
    (error: unknown) => {
      noneWhenAbsent(error);
      return undefined;
    },
  );
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

async function copyImage(source: string, partial: string, context: VerbContext): Promise<void> {
  const cloned = await copyFile(source, partial, constants.COPYFILE_FICLONE_FORCE).then(
    () => true,
    () => false,
  );
  if (cloned) return;
  const from = await open(source, 'r');
  const to = await open(partial, 'w', IMAGE_FILE_MODE);
  try {
    const total = (await from.stat()).size;
    const buffer = Buffer.alloc(COPY_BUFFER_BYTES);
    let reportedAt = 0;
    for (let offset = 0; offset < total;) {
      if (context.signal.aborted) throw new DurastackError('CANCELLED', 'The copy of the base image was cancelled.');
      const { bytesRead } = await from.read(buffer, 0, buffer.length, offset);
      if (bytesRead === 0) throw new DurastackError('ENVIRONMENT', `${source} became shorter while it was copied.`);
      await writeFully(to, buffer.subarray(0, bytesRead), offset);
      offset += bytesRead;
      if (Date.now() - reportedAt < PROGRESS_INTERVAL_MS) continue;
      reportedAt = Date.now();
      context.progress((offset / total) * 100, 'Copying the base image to the pool');
    }
  } finally {
    await from.close();
    await to.close();
  }
}

async function writeFully(to: Awaited<ReturnType<typeof open>>, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await to.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}
