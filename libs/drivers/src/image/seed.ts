/**
 * The cloud-init NoCloud seed: a small vfat disk labelled CIDATA with `meta-data` and `user-data`.
 *
 * cloud-init and the product's own tiny image read it from any block device. It holds what the tenant gave
 * (user data may carry passwords), so the file is 0600 and its contents reach mtools through standard input only.
 */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DurastackError } from '@durastack/contracts/errors';
import { run } from '../process/run.js';

/** What a seed says. */
export interface SeedContents {
  /** Where the disk image is written (raw); replaced as a whole when it exists. */
  readonly path: string;
  /** A new value makes the guest treat this boot as its first: host keys, user data. */
  readonly instanceId: string;
  readonly hostname: string;
  /** Keys in OpenSSH's one-line form, for the image's default user. */
  readonly publicKeys: readonly string[];
  /** Passed to the guest byte by byte; an empty file when absent. */
  readonly userData?: Buffer;
  /** Further entries of the meta-data. */
  readonly variables?: Readonly<Record<string, string>>;
}

const SECTOR_BYTES = 512;
/** Room for the FAT, the directory and rounding to clusters beside the files. */
const OVERHEAD_BYTES = 256 * 1024;
const MAX_USER_DATA_BYTES = 1024 * 1024;

/**
 * Writes a NoCloud seed disk, all or nothing: a partial file is renamed when it is complete and on disk.
 *
 * @throws DurastackError `INVALID_INPUT` when a key or name holds a line break or the user data exceeds 1 MiB,
 *   `ENVIRONMENT` when mtools is not installed, `STEP_REFUSED` when it fails (disk full, no such folder)
 */
export async function writeSeedImage(seed: SeedContents): Promise<void> {
  const userData = seed.userData ?? Buffer.alloc(0);
  if (userData.length > MAX_USER_DATA_BYTES) {
    throw new DurastackError('INVALID_INPUT', `The user data has ${userData.length} bytes; give at most 1 MiB.`);
  }
  const metaData = Buffer.from(metaDataOf(seed));
  const partial = join(dirname(seed.path), `.${basename(seed.path)}.${randomBytes(6).toString('hex')}.part`);
  try {
    const file = await open(partial, 'wx', 0o600);
    try {
      const bytes = OVERHEAD_BYTES + metaData.length + userData.length;
      const sectors = Math.ceil(bytes / SECTOR_BYTES);
      await file.truncate(sectors * SECTOR_BYTES);
      await mtool('mformat', ['-i', partial, '-T', String(sectors), '-h', '1', '-s', '1', '-v', 'CIDATA', '::']);
      await mtool('mcopy', ['-i', partial, '-', '::meta-data'], metaData);
      await mtool('mcopy', ['-i', partial, '-', '::user-data'], userData);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, seed.path);
  } catch (error) {
    await rm(partial, { force: true });
    if (error instanceof DurastackError) throw error;
    throw new DurastackError('STEP_REFUSED', `The seed disk ${seed.path} could not be written.`, { cause: error });
  }
}

/** `meta-data` as YAML of JSON strings, which cloud-init reads and a shell can take apart line by line. */
function metaDataOf(seed: SeedContents): string {
  for (const text of [seed.instanceId, seed.hostname, ...seed.publicKeys]) {
    if (/[\0\r\n]/.test(text)) {
      throw new DurastackError('INVALID_INPUT', `A seed value holds a line break: ${JSON.stringify(text)}.`);
    }
  }
  const keys = seed.publicKeys.map((key) => `  - ${JSON.stringify(key)}\n`);
  return [
    `instance-id: ${JSON.stringify(seed.instanceId)}\n`,
    `local-hostname: ${JSON.stringify(seed.hostname)}\n`,
    // JSON's texts are YAML's, line breaks and all.
    ...Object.entries(seed.variables ?? {}).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`),
    ...(keys.length > 0 ? ['public-keys:\n', ...keys] : []),
  ].join('');
}

async function mtool(tool: string, args: readonly string[], input?: Buffer): Promise<void> {
  // The machine's own mtools settings must not change what is written.
  await run(tool, args, { env: { MTOOLSRC: '/dev/null', MTOOLS_SKIP_CHECK: '1' }, input });
}
