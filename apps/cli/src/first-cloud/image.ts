/** The image of the first template: built once per cache directory. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildTinyImage } from '@durastack/drivers/image/tiny-image';
import { DurastackError } from '@durastack/contracts/errors';
import { refreshPackageLists } from '../parts/debian-packages.js';

/** Where the image lies in a cache directory. */
export function firstImagePath(cache: string): string {
  return join(cache, 'tiny-linux.qcow2');
}

/**
 * Builds the image unless it is there.
 *
 * @param signal gives up at once
 * @returns its path
 * @throws ENVIRONMENT when its packages cannot be fetched
 */
export async function ensureImage(cache: string, signal?: AbortSignal): Promise<string> {
  const path = firstImagePath(cache);
  if (existsSync(path)) return path;
  const workDir = join(cache, 'tiny-linux.work');
  const request = { outputPath: path, workDir, ...(signal === undefined ? {} : { signal }) };
  try {
    await buildTinyImage(request);
  } catch (error) {
    // Lists that were never fetched, or are older than the archive, name no packages or ones that are gone.
    if (!(error instanceof DurastackError) || error.code !== 'ENVIRONMENT') throw error;
    await refreshPackageLists();
    await buildTinyImage(request);
  }
  rmSync(workDir, { recursive: true, force: true });
  return path;
}
