/** A pool that others can write to, too: a link in it must lead the agent nowhere. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { poolSpec, type DirectoryPoolSpec } from '@durastack/contracts/agent/specs';
import { ensureTemplateGoneFromPool, ensureTemplateOnPool } from '../image/image-files.js';
import { ensurePool } from './pools.js';
import { ensureVolume, ensureVolumeGone } from './volumes.js';

let root: string;
let pool: DirectoryPoolSpec;
let outside: string;
const context = { signal: new AbortController().signal, progress: () => undefined };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dura-hostile-pool-'));
  pool = { id: randomUUID(), kind: 'directory', path: join(root, 'pool') };
  outside = join(root, 'outside');
  mkdirSync(pool.path);
  mkdirSync(outside);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const refused = { code: 'STEP_REFUSED' };

it('is not used through a link in place of its folders', async () => {
  const id = randomUUID();
  const victim = join(outside, `${id}.qcow2`);
  writeFileSync(victim, 'precious');
  for (const folder of ['volumes', 'templates']) symlinkSync(outside, join(pool.path, folder));
  const volume = { id, pool, sizeBytes: 1_048_576 };
  await expect(ensurePool(pool)).rejects.toMatchObject(refused);
  await expect(ensureVolume({ ...volume, id: randomUUID() }, context.signal)).rejects.toMatchObject(refused);
  await expect(ensureVolumeGone(id, pool)).rejects.toMatchObject(refused);
  await expect(ensureTemplateGoneFromPool(id, pool)).rejects.toMatchObject(refused);
  expect(readFileSync(victim, 'utf8')).toBe('precious');
});

it('is not read or grown through a link in place of a volume or base image', async () => {
  await ensurePool(pool);
  const [id, templateId] = [randomUUID(), randomUUID()];
  const secret = join(outside, 'secret');
  writeFileSync(secret, 'precious');
  symlinkSync(secret, join(pool.path, 'volumes', `${id}.qcow2`));
  symlinkSync(secret, join(pool.path, 'templates', `${templateId}.qcow2`));
  await expect(ensureVolume({ id, pool, sizeBytes: 1_048_576 }, context.signal)).rejects.toMatchObject(refused);
  const over = { id: randomUUID(), pool, sizeBytes: 1_048_576, templateId };
  await expect(ensureVolume(over, context.signal)).rejects.toMatchObject(refused);
  const store = { id: randomUUID(), path: outside };
  symlinkSync(secret, join(outside, `${id}.qcow2`));
  await expect(ensureTemplateOnPool({ templateId: id, store, pool }, context)).rejects.toMatchObject(refused);
  // Removing takes the link, never what it leads to.
  await ensureVolumeGone(id, pool);
  expect(existsSync(join(pool.path, 'volumes', `${id}.qcow2`))).toBe(false);
  expect(readFileSync(secret, 'utf8')).toBe('precious');
});

it.each([
  'relative',
  '',
  '/',
  '/a/../b',
  '/..',
  '/a/.',
  '/a//b',
  '/a/',
  '/a\0',
  '/a\nb',
  '--help',
  `/${'x'.repeat(1_100)}`,
])('has no path %j', (path) => {
  expect(poolSpec.safeParse({ ...pool, path }).success).toBe(false);
});

it.each(['/a', '/srv/dura pool/1', '/mnt/..hidden', '/mnt/a.b', '/ä'])('may have the path %j', (path) => {
  expect(poolSpec.safeParse({ ...pool, path }).success).toBe(true);
});
