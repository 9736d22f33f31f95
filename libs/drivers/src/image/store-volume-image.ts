/** Verb `storeVolumeImage`. */
import { chmod, chown, mkdir, rm, stat } from 'node:fs/promises';
import { DurastackError } from '@durastack/contracts/errors';
import type { VerbParams, VerbResult } from '@durastack/contracts/agent/verbs';
import type { VerbContext } from '../driver.js';
import type { ToolImage } from '../pool-driver.js';
import type { HostShell } from '../process/host-shell.js';
import { copyImage } from '../volume-copy/copy-image.js';
import { canDropPrivileges } from './confined-tool.js';
import { IMAGE_FILE_MODE, imagePath, partialPath, publishFile, removePartials } from './image-files.js';

/**
 * Copies a volume that nobody uses to the image store, with what lies under it. Repeating it replaces what was there,
 * and removes what a crash left; a failed one leaves nothing.
 *
 * @param from the volume as tools reach it
 * @throws DurastackError `STEP_REFUSED` when it is in use or the store is full, `CANCELLED` on abort
 */
export async function storeVolumeImage(
  { templateId, store, from }: Omit<VerbParams<'storeVolumeImage'>, 'volume'> & { readonly from: ToolImage },
  shell: HostShell,
  context: VerbContext,
): Promise<VerbResult<'storeVolumeImage'>> {
  await mkdir(store.path, { recursive: true });
  await removePartials(store.path, templateId);
  const partial = partialPath(store.path, templateId);
  const path = imagePath(store.path, templateId);
  const { signal } = context;
  try {
    await shell.run('qemu-img', ['create', '-q', '-f', 'qcow2', partial, String(from.sizeBytes)], { signal });
    const to = { name: partial, format: 'qcow2', sizeBytes: from.sizeBytes, shared: false } as const;
    await copyImage({ from, to, shell }, context);
    if (canDropPrivileges()) await chown(partial, 0, 0);
    await chmod(partial, IMAGE_FILE_MODE);
    await publishFile(partial, path);
  } catch (error) {
    if (signal.aborted) throw new DurastackError('CANCELLED', 'The copy of the disk was cancelled.', { cause: error });
    throw error;
  } finally {
    await rm(partial, { force: true });
  }
  return { sizeBytes: (await stat(path)).size, virtualSizeBytes: from.sizeBytes };
}
