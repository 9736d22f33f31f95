import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../process/run.js';
import { writeSeedImage } from './seed.js';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample alice@"laptop"';

describe('writeSeedImage', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'seed-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const read = (path: string, name: string): Promise<string> => run('mtype', ['-i', path, `::${name}`]);

  it('writes a disk that blkid knows as CIDATA, readable by its owner only', async () => {
    const path = join(dir, 'seed.img');
    await writeSeedImage({ path, instanceId: 'i-1', hostname: 'web-1', publicKeys: [KEY] });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const label = await run('blkid', ['-p', '-s', 'LABEL', '-s', 'TYPE', '-o', 'export', path]);
    expect(label).toContain('LABEL=CIDATA');
    expect(label).toContain('TYPE=vfat');
    expect(await readdir(dir)).toEqual(['seed.img']);
  });

  it('carries names, keys and user data unchanged', async () => {
    const path = join(dir, 'seed.img');
    const userData = Buffer.from(`#!/bin/sh\necho ${'x'.repeat(300_000)}\n`);
    const variables = { color: 'blue: "sky"\ninstance-id: x' };
    await writeSeedImage({ path, instanceId: 'i-2', hostname: 'web-2', publicKeys: [KEY, KEY], userData, variables });
    expect(await read(path, 'meta-data')).toBe(
      `instance-id: "i-2"\nlocal-hostname: "web-2"\ncolor: ${JSON.stringify(variables.color)}\npublic-keys:\n  - ${JSON.stringify(KEY)}\n  - ${JSON.stringify(KEY)}\n`,
    );
    expect(await read(path, 'user-data')).toBe(userData.toString());
  });

  it('replaces an older seed and writes an empty user-data when there is none', async () => {
    const path = join(dir, 'seed.img');
    await writeFile(path, 'old');
    await writeSeedImage({ path, instanceId: 'i-3', hostname: 'web-3', publicKeys: [] });
    expect(await read(path, 'user-data')).toBe('');
    expect(await read(path, 'meta-data')).toBe('instance-id: "i-3"\nlocal-hostname: "web-3"\n');
  });

  it('refuses values that would break out of their line, and leaves nothing behind', async () => {
    const seed = { path: join(dir, 'seed.img'), instanceId: 'i-4', hostname: 'a\nb', publicKeys: [] };
    await expect(writeSeedImage(seed)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(writeSeedImage({ ...seed, hostname: 'a', path: join(dir, 'no/seed.img') })).rejects.toMatchObject({
      code: 'STEP_REFUSED',
    });
    expect(await readdir(dir)).toEqual([]);
  });
});
