/** Base images of templates on an RBD pool: complete once they have their protected snapshot. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import type { VerbContext } from '../driver.js';
import { plainFileExists } from '../files/plain-files.js';
import { CEPH_ERROR, callCeph, hasStatus, poolSilent, sawSilence, toolName, type CephCaller } from './ceph-tool.js';
import {
  BASE_SNAPSHOT,
  imageSpec,
  listImages,
  orAbsent,
  readImage,
  readMadeAt,
  removeImage,
  templateImage,
} from './rbd-images.js';

/** Most that a copy may take; it tells its progress all the while, and is ended with its operation. */
const COPY_TIMEOUT_MS = 12 * 3_600_000;
/** An unfinished copy that nobody has open and that is as old as this was left by a crash. */
const ABANDONED_AFTER_MS = 10 * 60_000;

/**
 * The base image is on the pool, complete: copied under another name, renamed, and then marked by its protected
 * snapshot. Several hosts may do so at once; one copy stays.
 *
 * @returns its size in bytes
 * @throws DurastackError `NOT_FOUND` when the store has no such image; see also {@link callCeph}
 */
export async function ensureRbdTemplate(
  caller: CephCaller,
  { templateId, store }: Omit<VerbParams<'ensureTemplateOnPool'>, 'pool'>,
  context: VerbContext,
): Promise<{ sizeBytes: number }> {
  const image = templateImage(templateId);
  const present = await baseBytes(caller, templateId);
  if (present !== undefined) return { sizeBytes: present };
  const source = join(store.path, `${templateId}.qcow2`);
  if (!(await plainFileExists(source)))
    throw new DurastackError('NOT_FOUND', `The image store ${store.path} has no image ${templateId}.`);
  if ((await readImage(caller, imageSpec(caller.pool, image))) === undefined) {
    await copyAs(caller, { source, image, templateId }, context);
  }
  await markComplete(caller, image);
  const sizeBytes = await baseBytes(caller, templateId);
  invariant(sizeBytes !== undefined, `The base image ${image} vanished while it was marked complete.`);
  return { sizeBytes };
}

/** Bytes of a complete base image; undefined when there is none. */
export async function baseBytes(caller: CephCaller, templateId: string): Promise<number | undefined> {
  const found = await readImage(caller, imageSpec(caller.pool, templateImage(templateId), BASE_SNAPSHOT));
  return found?.isProtected === true ? found.sizeBytes : undefined;
}

interface Copy {
  readonly source: string;
  readonly image: string;
  readonly templateId: string;
}

async function copyAs(caller: CephCaller, { source, image, templateId }: Copy, context: VerbContext): Promise<void> {
  await removePartials(caller, templateId, ABANDONED_AFTER_MS);
  const partial = `.${image}.${randomBytes(6).toString('hex')}.part`;
  try {
    await convert(caller, { source, partial }, context);
    await callCeph('rbd', caller, ['rename', imageSpec(caller.pool, partial), imageSpec(caller.pool, image)]);
  } catch (error) {
    if (hasStatus(error, CEPH_ERROR.absent)) throw lostCopy(caller, partial, error);
    // When another host was faster, its copy is as good.
    const wasFaster = hasStatus(error, CEPH_ERROR.exists);
    await removeImage(caller, imageSpec(caller.pool, partial)).catch((removal: unknown) => {
      if (wasFaster) throw removal;
    });
    if (!wasFaster) throw error;
  }
}

/** Copies with qemu-img, which reads the qcow2 of our own making and skips its holes. */
async function convert(
  caller: CephCaller,
  { source, partial }: { source: string; partial: string },
  { signal, progress }: VerbContext,
): Promise<void> {
  const { pool, shell } = caller;
  const target = toolName(caller, `${pool.pool}/${partial}`);
  const onOutput = (text: string): void => {
    const percent = /\((\d+(?:\.\d+)?)\/100%\)\s*$/.exec(text)?.[1];
    if (percent !== undefined) progress(Number(percent), 'Copying the base image to the pool');
  };
  const options = { signal, onOutput, timeoutMs: COPY_TIMEOUT_MS };
  const args = ['convert', '-p', '-f', 'qcow2', '-O', 'raw', source, target];
  await shell.run('qemu-img', args, options).catch((error: unknown) => {
    throw sawSilence(error) ? poolSilent(pool, error) : error;
  });
}

function lostCopy({ pool }: CephCaller, partial: string, cause: unknown): DurastackError {
  const text = `The unfinished copy ${imageSpec(pool, partial)} was removed by somebody; it is made again`;
  return new DurastackError('BACKEND_BUSY', text, { cause });
}

/** What copies left behind that were killed, so long ago. One that is being written has a watcher and is spared. */
async function removePartials(caller: CephCaller, templateId: string, olderThanMs = 0): Promise<void> {
  const { images } = await listImages(caller);
  for (const name of images.filter((one) => one.startsWith(`.${templateImage(templateId)}.`))) {
    const spec = imageSpec(caller.pool, name);
    // Another host's copy has no watcher for a moment: between its end and its new name.
    const isYoung = olderThanMs > 0 && Date.now() - ((await readMadeAt(caller, spec)) ?? 0) < olderThanMs;
    if (isYoung) continue;
    await removeImage(caller, spec).catch((error: unknown) => {
      if (!hasStatus(error, CEPH_ERROR.busy) && !hasStatus(error, CEPH_ERROR.stale)) throw error;
    });
  }
}

async function markComplete(caller: CephCaller, image: string): Promise<void> {
  const snapshot = imageSpec(caller.pool, image, BASE_SNAPSHOT);
  const unlessDone = (error: unknown): void => {
    if (!hasStatus(error, CEPH_ERROR.exists) && !hasStatus(error, CEPH_ERROR.busy)) throw error;
  };
  await callCeph('rbd', caller, ['snap', 'create', '--no-progress', snapshot]).catch(unlessDone);
  await callCeph('rbd', caller, ['snap', 'protect', snapshot]).catch(unlessDone);
}

/**
 * The base image and unfinished copies of it are gone.
 *
 * @throws DurastackError `CONFLICT` while volumes are made over it
 */
export async function removeRbdTemplate(caller: CephCaller, templateId: string): Promise<void> {
  const spec = imageSpec(caller.pool, templateImage(templateId));
  const snapshot = `${spec}@${BASE_SNAPSHOT}`;
  const base = await readImage(caller, snapshot);
  if (base?.isProtected === true) {
    try {
      await callCeph('rbd', caller, ['snap', 'unprotect', snapshot]);
    } catch (error) {
      if (!hasStatus(error, CEPH_ERROR.busy)) throw error;
      const clones = await callCeph('rbd', caller, ['children', snapshot]);
      const some = clones.split('\n').filter(Boolean).slice(0, 5).join(', ');
      throw new DurastackError('CONFLICT', `Volumes are made over ${snapshot}: ${some}. Expunge or move them first.`);
    }
  }
  if (base !== undefined) await orAbsent(callCeph('rbd', caller, ['snap', 'rm', '--no-progress', snapshot]));
  await removeImage(caller, spec);
  await removePartials(caller, templateId);
}
