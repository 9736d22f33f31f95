/**
 * The cloud as a user gets it: `dura up` on this machine, with real guests on its libvirt. What a test cannot
 * wait for (downloads) is cached; everything else is as from the README.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ApiClient, type ApiAccess } from '@durastack/cli/api/api-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, itemsOf, objectOf } from '../support/basis.js';

const run = promisify(execFile);
const dura = resolve(fileURLToPath(new URL('../../../apps/cli/dist/main.js', import.meta.url)));
// Short: the machines' sockets lie below it.
const home = mkdtempSync(join(tmpdir(), 'dura-e2e-'));

interface Status {
  readonly processes: readonly { readonly name: string; readonly pid: number; readonly state: string }[];
  readonly operations: { readonly running: number; readonly queued: number; readonly needsAttention: number };
}

async function command(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [dura, ...args], {
    env: { ...process.env, DURASTACK_HOME: home },
    maxBuffer: 2 ** 24,
  });
  return stdout;
}
/** Its exit code says whether everything runs; here it is asked while something does not. */
const status = async () =>
  JSON.parse(await command('status', '--json').catch((error: { stdout: string }) => error.stdout)) as Status;
const pidOf = async (name: string) => (await status()).processes.find((one) => one.name === name)!.pid;

/** Ends a program that this spec's own instance started, by its id, as a crash would. */
async function kill9(name: string): Promise<void> {
  const pid = await pidOf(name);
  process.kill(pid, 'SIGKILL');
  await eventually(
    `${name} is gone`,
    async () => !existsSync(`/proc/${pid}/exe`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '),
  );
}

let output: string;
let api: ApiClient;
let basis: Record<string, string>;
beforeAll(async () => {
  output = await command('up');
  api = new ApiClient(JSON.parse(readFileSync(join(home, 'admin.json'), 'utf8')) as ApiAccess);
  const [vm] = itemsOf(await api.call('listVirtualMachines', { name: 'hello' }));
  basis = {
    zoneid: String(vm!['zoneid']),
    templateid: String(vm!['templateid']),
    serviceofferingid: String(vm!['serviceofferingid']),
    keypair: 'dura',
  };
}, 300_000);
afterAll(async () => {
  await command('destroy', '--yes');
}, 120_000);

const vmById = async (id: string) => itemsOf(await api.call('listVirtualMachines', { id }))[0];

function answersSsh(address: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection({ host: address, port: 22, timeout: 1_000 });
    socket.once('data', () => (socket.destroy(), done(true)));
    socket.once('error', () => done(false)).once('timeout', () => (socket.destroy(), done(false)));
  });
}

async function ssh(address: string, ...words: string[]): Promise<string> {
  const options = [
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'BatchMode=yes',
    '-o',
    'LogLevel=ERROR',
    '-o',
    'ConnectTimeout=5',
  ];
  const { stdout } = await run('ssh', ['-i', join(home, 'ssh-key'), ...options, `root@${address}`, ...words], {
    timeout: 20_000,
  });
  return stdout;
}

describe('dura up', () => {
  it('ends with a machine that answers on its address, and says where everything is', async () => {
    expect(output).toMatch(/Up in /);
    for (const what of [/API\s+http/, /API docs\s+http/, /Temporal UI\s+http/, /workflows\/[0-9a-f-]{36}-1/])
      expect(output).toMatch(what);
    const [vm] = itemsOf(await api.call('listVirtualMachines', { name: 'hello' }));
    expect(await ssh(String(vm!['ipaddress']), 'hostname')).toBe('hello\n');
  });

  it('changes nothing the second time', async () => {
    const before = await status();
    await command('up');
    expect((await status()).processes.map(({ pid }) => pid)).toEqual(before.processes.map(({ pid }) => pid));
    expect(itemsOf(await api.call('listVirtualMachines'))).toHaveLength(1);
  });
});

describe('a real machine', () => {
  it('is deployed although the worker is killed with -9 in mid-deploy', async () => {
    const accepted = await api.call('deployVirtualMachine', {
      ...basis,
      name: 'survivor',
      userdata: Buffer.from('#!/bin/sh\necho seen > /root/userdata\n').toString('base64'),
    });
    await kill9('worker');
    await command('up');
    const job = await api.waitForJob(String(accepted['jobid']));
    expect(job.jobstatus).toBe(1);
    const address = String(objectOf(job.jobresult ?? {})['ipaddress']);
    await eventually('it answers', () => answersSsh(address));
    expect(await eventually('user data was run', () => ssh(address, 'cat /root/userdata').catch(() => undefined))).toBe(
      'seen\n',
    );
  });

  it('survives the agent, libvirtd and the whole control plane going down: it keeps running', async () => {
    const [vm] = itemsOf(await api.call('listVirtualMachines', { name: 'survivor' }));
    const bootId = await ssh(String(vm!['ipaddress']), 'cat /proc/sys/kernel/random/boot_id');
    for (const name of ['agent', 'libvirtd', 'api']) await kill9(name);
    await command('down');
    expect(await ssh(String(vm!['ipaddress']), 'cat /proc/sys/kernel/random/boot_id')).toBe(bootId);
    await command('up');
    expect(await vmById(vm!.id)).toMatchObject({ state: 'Running' });
    expect(await ssh(String(vm!['ipaddress']), 'cat /proc/sys/kernel/random/boot_id')).toBe(bootId);
  });

  it('that powers itself off becomes Stopped within two seconds, and starts again with its disk', async () => {
    const [vm] = itemsOf(await api.call('listVirtualMachines', { name: 'survivor' }));
    const address = String(vm!['ipaddress']);
    await ssh(address, 'touch /root/kept; sync; (sleep 0.2; poweroff) >/dev/null 2>&1 &');
    await eventually('the guest is off', async () => (await vmById(vm!.id))?.['state'] === 'Stopped', 15_000);
    await api.callAndWait('startVirtualMachine', { id: vm!.id });
    await eventually('it answers', () => answersSsh(address));
    expect(await eventually('its disk is kept', () => ssh(address, 'ls /root/kept').catch(() => undefined))).toBe(
      '/root/kept\n',
    );
  });

  it('is stopped by its power button, rebooted, and expunged without a trace', async () => {
    const [vm] = itemsOf(await api.call('listVirtualMachines', { name: 'survivor' }));
    const call = async (name: string, params: Record<string, string> = {}) =>
      objectOf(await api.callAndWait(name, { id: vm!.id, ...params }));
    expect(await call('rebootVirtualMachine')).toMatchObject({ state: 'Running' });
    await eventually('it answers', () => answersSsh(String(vm!['ipaddress'])));
    expect(await call('stopVirtualMachine')).toMatchObject({ state: 'Stopped' });
    await api.callAndWait('destroyVirtualMachine', { id: vm!.id, expunge: 'true' });
    const files = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.includes(vm!.id) && !file.startsWith('logs'),
    );
    expect(files).toEqual([]);
  });
});
