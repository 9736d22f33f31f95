/** The accelerator, probed once per boot of the host and remembered: agents restart more often than hosts. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { probeAccelerator, type Accelerator } from './accelerator.js';
import { replaceFile } from './vm-files.js';

/**
 * A function that gives the host's accelerator: the given one, or what a timed boot says.
 *
 * @param stateDir where the answer is kept, with the boot it belongs to
 */
export function rememberedAccelerator(stateDir: string, given?: Accelerator): () => Promise<Accelerator> {
  if (given) return () => Promise.resolve(given);
  let found: Promise<Accelerator> | undefined;
  return () => {
    found ??= find(stateDir).catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
}

async function find(stateDir: string): Promise<Accelerator> {
  await mkdir(stateDir, { recursive: true });
  const file = join(stateDir, 'accelerator');
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const [boot, kind] = (await readFile(file, 'utf8').catch(() => '')).trim().split(' ');
  if (boot === bootId && (kind === 'kvm' || kind === 'tcg')) return kind;
  const probed = await probeAccelerator({ dir: stateDir });
  await replaceFile(file, `${bootId} ${probed}\n`);
  return probed;
}
