import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run, runOrFail } from '../system/run.js';
import { describeHome, prepareHome, removeHome, type Home } from './home.js';
import { startTimeOf } from './processes.js';
import { endMachines, removeNetworks } from './remains.js';

let directory: string;
let ours: Home;
let theirs: Home;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dura-cli-'));
  ours = prepareHome(join(directory, 'ours'));
  theirs = prepareHome(join(directory, 'theirs'));
});
afterEach(async () => {
  for (const { name } of [ours, theirs]) {
    await run('ip', ['link', 'delete', `${name}-t1`]);
    await run('nft', ['delete', 'table', 'bridge', `durastack_${name}`]);
  }
  for (const home of [ours, theirs]) removeHome(home);
  rmSync(directory, { recursive: true });
});

async function links(): Promise<string> {
  return runOrFail('Listing', 'ip', ['link', 'show']);
}

describe('what an instance leaves outside its directory', () => {
  it('bridges and packet filter tables are removed, those of another instance stay', async () => {
    for (const { name } of [ours, theirs]) {
      await runOrFail('Adding', 'ip', ['link', 'add', 'name', `${name}-t1`, 'type', 'bridge']);
      await runOrFail('Adding', 'nft', ['add', 'table', 'bridge', `durastack_${name}`]);
    }
    expect(await removeNetworks(ours)).toEqual([`${ours.name}-t1`]);
    expect(await links()).not.toContain(`${ours.name}-t1`);
    expect(await links()).toContain(`${theirs.name}-t1`);
    const tables = await runOrFail('Listing', 'nft', ['list', 'tables']);
    expect(tables).not.toContain(ours.name);
    expect(tables).toContain(theirs.name);
  });

  it('guests are ended, those of another instance and other programs that name its files stay', async () => {
    const emulator = join(directory, 'qemu-system-x86_64');
    const disks = [ours, theirs].map((home) => join(home.pool, '60'));
    for (const disk of disks) writeFileSync(disk, '');
    const start = (command: string, disk: string) =>
      spawn('/bin/bash', ['-c', 'exec -a "$0" /bin/bash -c "read" "$1"', command, disk], {
        stdio: ['pipe', 'ignore', 'ignore'],
      });
    const [mine, other] = disks.map((disk) => start(emulator, disk));
    const editor = start('vi', disks[0] as string);
    await expect
      .poll(() => [mine, other, editor].every((child) => startTimeOf(child?.pid ?? 0) !== undefined))
      .toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await endMachines(ours)).toBe(1);
    expect(startTimeOf(mine?.pid ?? 0)).toBeUndefined();
    for (const child of [other, editor]) {
      expect(startTimeOf(child?.pid ?? 0)).toBeDefined();
      child?.kill('SIGKILL');
    }
  });

  it('a home that was never made has nothing', async () => {
    expect(await endMachines(describeHome(join(directory, 'never')))).toBe(0);
  });
});
