import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import type { DirectoryPoolSpec } from '@durastack/contracts/agent/specs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Link, MigrationScene, type MigrationSubject } from '../../conformance/migration-scene.js';
import { volumePath } from '../../directory-pool/paths.js';
import { run } from '../../process/run.js';
import { makeMigrationSubject } from './migration-fixture.js';

const MIB = 2 ** 20;
const DISK_MIB = 6;
const MIB_PER_SECOND = 2;

let subject: MigrationSubject;
beforeAll(async () => {
  subject = await makeMigrationSubject();
});
afterAll(() => subject?.close());

it('copies a disk that goes along no faster than it may, and does not hold the memory up', async () => {
  const scene = new MigrationScene(() => subject);
  const made = subject.makeBusyVm();
  const { source, destination } = subject.ownPools;
  const { id } = made.rootVolume;
  const here = { ...made, rootVolume: { id, pool: source, sizeBytes: DISK_MIB * MIB } };
  const there = { ...here, rootVolume: { ...here.rootVolume, pool: destination } };
  await scene.from().call('ensureVolume', { volume: made.rootVolume });
  const [busy, own] = [made.rootVolume, here.rootVolume].map((volume) => volumePath(volume as never));
  const content = `${(source as DirectoryPoolSpec).path}/${id}.raw`;
  await run('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', busy!, content]);
  await writeFile(content, randomBytes((DISK_MIB - 1) * MIB), { flag: 'a' });
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', content, own!]);
  await rm(content);
  await scene.from().call('ensureVmRunning', { vm: here });
  await scene.to().call('ensureVolume', { volume: there.rootVolume });
  const send = { bytesPerSecond: MIB_PER_SECOND * MIB };
  const { sending, receiving } = scene.move(there, new Link(), {}, [id], { send });
  const { totalMs, sentBytes } = await sending;
  await receiving;
  const seconds = totalMs / 1_000;
  expect(seconds).toBeGreaterThan((DISK_MIB - MIB_PER_SECOND) / MIB_PER_SECOND);
  // Memory alone.
  expect(sentBytes / seconds).toBeGreaterThan(MIB_PER_SECOND * MIB);
  expect(await scene.sides(there)).toEqual(['off', 'running']);
  await scene.to().call('ensureVmStopped', { vmId: there.id });
  expect(await scene.digest(there)).toBe(await scene.digest(here));
  await scene.removeBoth({ here, there });
  await scene.from().call('ensureVolumeGone', { volumeId: id, pool: made.rootVolume.pool });
});
