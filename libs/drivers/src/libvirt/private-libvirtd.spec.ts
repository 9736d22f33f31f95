import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../process/run.js';
import { commandLine, isRunning } from '../process/detached.js';
import { probeAccelerator } from './accelerator.js';
import { startPrivateLibvirtd, stopPrivateLibvirtd } from './private-libvirtd.js';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dura-lv-'));
});
afterAll(async () => {
  await stopPrivateLibvirtd({ dir });
  await rm(dir, { recursive: true, force: true });
});

it('starts without systemd, is found again, and ends', async () => {
  const first = await startPrivateLibvirtd({ dir, instance: 'spec' });
  expect((await commandLine(first.pid))[0]).toBe('libvirtd');
  expect(await startPrivateLibvirtd({ dir, instance: 'spec' })).toEqual(first);
  const uri = `qemu:///system?socket=${first.socketPath}`;
  expect((await run('virsh', ['-q', '-c', uri, 'net-list', '--all', '--name'])).trim()).toBe('');
  process.kill(first.pid, 'SIGKILL');
  await expect.poll(() => isRunning(first.pid)).toBe(false);
  const second = await startPrivateLibvirtd({ dir, instance: 'spec' });
  expect(second.pid).not.toBe(first.pid);
  await stopPrivateLibvirtd({ dir });
  expect(await isRunning(second.pid)).toBe(false);
  await stopPrivateLibvirtd({ dir });
});

it('refuses a directory whose sockets would be too long, naming it', async () => {
  const long = join(dir, 'x'.repeat(110));
  await expect(startPrivateLibvirtd({ dir: long, instance: 'spec' })).rejects.toMatchObject({
    code: 'ENVIRONMENT',
    message: expect.stringContaining('too long for a unix socket') as string,
  });
});

it('tells an accelerator by a timed boot', async () => {
  const accelerator = await probeAccelerator({ dir });
  expect(['kvm', 'tcg']).toContain(accelerator);
  expect(await readFile('/proc/self/stat', 'utf8')).toBeTruthy();
});
