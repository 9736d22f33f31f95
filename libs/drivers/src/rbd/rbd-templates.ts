/** Base images of templates on an RBD pool: complete once they have their protected snapshot. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import { z } from 'zod';
import type { VerbContext } from '../driver.js';
import { plainFileExists } from '../files/plain-files.js';
import { CEPH_ERROR, callCeph, hasStatus, poolSilent, sawSilence, toolName, type CephCaller } from './ceph-tool.js';
import {
  BASE_SNAPSHOT,
  imageSpec,
  orAbsent,
  readClients,
  readImage,
  removeUnused,
  templateImage,
  unlessThere,
} from './rbd-images.js';

/** Most that a copy may take; it tells its progress all the while, and is ended with its operation. */
const COPY_TIMEOUT_MS = 12 * 3_600_000;
/** How often is looked whether another host has ended its copy. */
const POLL_MS = 500;

/**
 * The base image is on the pool, complete: written under its name, and then marked by its protected snapshot. What a
 * killed copy left is written over by the next: every copy writes the same. So do several hosts that begin in one
 * moment; who comes later waits for them. `rbd rename` would not do: of two at once to one name both succeed, and an
 * image is left that no name leads to.
 *
 * @returns its size in bytes
 * @throws DurastackError `NOT_FOUND` when the store has no such image; see also {@link callCeph}
 */
export async function ensureRbdTemplate(
  caller: CephCaller,
  { templateId, store }: Omit<VerbParams<'ensureTemplateOnPool'>, 'pool'>,
  context: VerbContext,
): Promise<{ sizeBytes: number }> {
  const spec = imageSpec(caller.pool, templateImage(templateId));
  const present = await baseBytes(caller, templateId);
  if (present !== undefined) return { sizeBytes: present };
  const source = join(store.path, `${templateId}.qcow2`);
  if (!(await plainFileExists(source)))
    throw new DurastackError('NOT_FOUND', `The image store ${store.path} has no image ${templateId}.`);
  await whileCopied(caller, spec, context);
  if ((await readImage(caller, `${spec}@${BASE_SNAPSHOT}`)) === undefined)
    await copy(caller, { source, spec }, context);
  await markComplete(caller, spec);
  const sizeBytes = await baseBytes(caller, templateId);
  invariant(sizeBytes !== undefined, `The base image ${spec} vanished while it was marked complete.`);
  return { sizeBytes };
}

/** Bytes of a complete base image; undefined when there is none. */
export async function baseBytes(caller: CephCaller, templateId: string): Promise<number | undefined> {
  const found = await readImage(caller, imageSpec(caller.pool, templateImage(templateId), BASE_SNAPSHOT));
  return found?.isProtected === true ? found.sizeBytes : undefined;
}

/** Ends when no other copy is under way: nobody has the image open, or it has its snapshot. */
async function whileCopied(caller: CephCaller, spec: string, { signal, progress }: VerbContext): Promise<void> {
  for (;;) {
    const clients = (await readClients(caller, spec)) ?? [];
    if (clients.length === 0 || (await readImage(caller, `${spec}@${BASE_SNAPSHOT}`)) !== undefined) return;
    progress(0, `Waiting for the copy of the base image by ${clients.join(', ')}`);
    await sleep(POLL_MS);
    if (signal.aborted) throw new DurastackError('CANCELLED', 'The copy of the base image was cancelled.');
  }
}

interface Copy {
  readonly source: string;
  readonly spec: string;
}

const imageInfo = z.object({ 'virtual-size': z.int().positive() });

/** Copies with qemu-img, which reads the qcow2 of our own making and skips its holes. */
async function copy(caller: CephCaller, { source, spec }: Copy, { signal, progress }: VerbContext): Promise<void> {
  const { pool, shell } = caller;
  const read = await shell.run('qemu-img', ['info', '--output=json', '-f', 'qcow2', source], { signal });
  const size = `${imageInfo.parse(JSON.parse(read))['virtual-size']}B`;
  await unlessThere(callCeph('rbd', caller, ['create', '--size', size, spec], { signal }));
  const onOutput = (text: string): void => {
    const percent = /\((\d+(?:\.\d+)?)\/100%\)\s*$/.exec(text)?.[1];
    if (percent !== undefined) progress(Number(percent), 'Copying the base image to the pool');
  };
  // Nobody has written anything but copies of this image: where it has a hole, so has the target.
  const into = ['-n', '--target-is-zero', '-O', 'raw', source, toolName(caller, spec)];
  const options = { signal, onOutput, timeoutMs: COPY_TIMEOUT_MS };
  await shell.run('qemu-img', ['convert', '-p', '-f', 'qcow2', ...into], options).catch((error: unknown) => {
    throw sawSilence(error) ? poolSilent(pool, error) : error;
  });
}

async function markComplete(caller: CephCaller, spec: string): Promise<void> {
  const snapshot = `${spec}@${BASE_SNAPSHOT}`;
  const unlessDone = (error: unknown): void => {
    if (!hasStatus(error, CEPH_ERROR.exists) && !hasStatus(error, CEPH_ERROR.busy)) throw error;
  };
  await callCeph('rbd', caller, ['snap', 'create', '--no-progress', snapshot]).catch(unlessDone);
  await callCeph('rbd', caller, ['snap', 'protect', snapshot]).catch(unlessDone);
}

/**
 * The base image is gone, complete or not.
 *
 * @throws DurastackError `CONFLICT` while volumes are made over it; see also {@link removeUnused}
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
  await removeUnused(caller, spec);
}
