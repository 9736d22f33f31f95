/**
 * The cloud as a user gets it: `dura up` on this machine, with real guests on its libvirt. What a test cannot
 * wait for (downloads) is cached; everything else is as from the README.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createConnection, type AddressInfo } from 'node:net';
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

const SSH_OPTIONS = [
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

async function ssh(address: string, ...words: string[]): Promise<string> {
  const { stdout } = await run('ssh', ['-i', join(home, 'ssh-key'), ...SSH_OPTIONS, `root@${address}`, ...words], {
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

  it('keeps its data while its disk goes to another pool under its hands, whoever is killed, and back at rest', async () => {
    const [vm] = itemsOf(await api.call('listVirtualMachines', { name: 'survivor' }));
    const address = String(vm!['ipaddress']);
    const written = 'dd if=/dev/urandom of=/root/blob bs=64k count=64 2>/dev/null; sync; sha256sum /root/blob';
    const sum = await ssh(address, written);
    const bootId = await ssh(address, 'cat /proc/sys/kernel/random/boot_id');
    await ssh(address, '(while :; do echo x >> /root/ticks; sync; sleep 0.1; done) >/dev/null 2>&1 &');
    const path = join(home, 'second');
    mkdirSync(path);
    const { zoneid, hostid } = vm as Record<string, string>;
    const [host] = itemsOf(await api.call('listHosts', { id: hostid! }));
    const place = { zoneid: zoneid!, podid: String(host!['podid']), clusterid: String(host!['clusterid']) };
    const params = { ...place, hostid: hostid!, name: 'second', url: `file://${path}` };
    const pool = objectOf(await api.callAndWait('createStoragePool', params));
    const [disk] = itemsOf(await api.call('listVolumes', { virtualmachineid: vm!.id }));
    const move = { volumeid: disk!.id, storageid: pool.id, livemigrate: 'true' };
    const { jobid } = await api.call('migrateVolume', move);
    for (const name of ['worker', 'agent', 'libvirtd']) await kill9(name);
    await command('up');
    expect((await api.waitForJob(String(jobid))).jobstatus).toBe(1);
    const files = () =>
      readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((file) => file.includes(`${disk!.id}.qcow2`));
    expect(files()).toEqual([join('second', 'volumes', `${disk!.id}.qcow2`)]);
    expect(await ssh(address, 'cat /proc/sys/kernel/random/boot_id')).toBe(bootId);
    expect(await ssh(address, 'echo 3 > /proc/sys/vm/drop_caches; sha256sum /root/blob')).toBe(sum);
    const ticks = await ssh(address, 'wc -l < /root/ticks');

    await api.callAndWait('stopVirtualMachine', { id: vm!.id, forced: 'true' });
    await api.callAndWait('migrateVolume', { volumeid: disk!.id, storageid: String(disk!['storageid']) });
    expect(files()).toHaveLength(1);
    expect(files()[0]).not.toContain('second');
    await api.callAndWait('startVirtualMachine', { id: vm!.id });
    await eventually('it answers', () => answersSsh(address));
    expect(await ssh(address, 'sha256sum /root/blob')).toBe(sum);
    expect(Number(await ssh(address, 'wc -l < /root/ticks'))).toBeGreaterThanOrEqual(Number(ticks));
    await api.callAndWait('deleteStoragePool', { id: pool.id });
    await command('doctor');
  }, 240_000);

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

  it('is given an interface while it runs, and lets go of it', async () => {
    const [vm] = itemsOf(await api.call('listVirtualMachines', { name: 'survivor' }));
    const virtualmachineid = vm!.id;
    const [offering] = itemsOf(await api.call('listNetworkOfferings', { name: 'DefaultSharedNetworkOffering' }));
    const range = { gateway: '10.213.77.1', netmask: '255.255.255.0', startip: '10.213.77.2', endip: '10.213.77.9' };
    const named = { name: 'second', displaytext: 'second', zoneid: basis['zoneid']!, networkofferingid: offering!.id };
    const network = objectOf(await api.callAndWait('createNetwork', { ...named, ...range }));
    await api.callAndWait('addNicToVirtualMachine', { virtualmachineid, networkid: network.id });
    const [, nic] = itemsOf(await api.call('listNics', { virtualmachineid }));
    const macs = () => ssh(String(vm!['ipaddress']), 'cat /sys/class/net/*/address');
    await eventually('the guest sees it', async () => (await macs()).includes(String(nic!['macaddress'])));
    await api.callAndWait('removeNicFromVirtualMachine', { virtualmachineid, nicid: nic!.id });
    expect(await macs()).not.toContain(nic!['macaddress']);
    await api.callAndWait('deleteNetwork', { id: network.id });
    await command('doctor');
  }, 120_000);

  it('makes a template of its disk, is given that as its disk anew, and another key', async () => {
    const [vm] = itemsOf(await api.call('listVirtualMachines', { name: 'survivor' }));
    const address = String(vm!['ipaddress']);
    await ssh(address, 'touch /root/of-template; sync');
    await api.callAndWait('stopVirtualMachine', { id: vm!.id, forced: 'true' });
    const [osType] = itemsOf(await api.call('listOsTypes'));
    const params = { name: 'of-disk', ostypeid: osType!.id, virtualmachineid: vm!.id };
    const template = objectOf(await api.callAndWait('createTemplate', params));
    const [before] = itemsOf(await api.call('listVolumes', { virtualmachineid: vm!.id }));
    await api.callAndWait('restoreVirtualMachine', { virtualmachineid: vm!.id, templateid: template.id });
    const [after] = itemsOf(await api.call('listVolumes', { virtualmachineid: vm!.id }));
    expect(after!.id).not.toBe(before!.id);
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(home, 'other-key')]);
    const publickey = readFileSync(join(home, 'other-key.pub'), 'utf8');
    await api.call('registerSSHKeyPair', { name: 'other', publickey });
    await api.callAndWait('resetSSHKeyForVirtualMachine', { id: vm!.id, keypairs: 'other' });
    await api.callAndWait('startVirtualMachine', { id: vm!.id });
    await eventually('it answers', () => answersSsh(address));
    const words = ['-i', join(home, 'other-key'), ...SSH_OPTIONS, `root@${address}`, 'ls /root/of-template'];
    const login = () => run('ssh', words, { timeout: 20_000 }).catch(() => undefined);
    expect((await eventually('the other key opens it', login))?.stdout).toBe('/root/of-template\n');
    await expect(ssh(address, 'true'), 'the former key').rejects.toThrow('Permission denied');
    await command('doctor');
  }, 180_000);

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

describe('a data disk', () => {
  const GIB = 2 ** 30;
  let first: Record<string, unknown>;
  let second: Record<string, unknown>;
  let volumeId: string;
  const address = (vm: Record<string, unknown>) => String(vm['ipaddress']);
  /** The guest's name of the disk, by the serial number that it bears. */
  const device = (vm: Record<string, unknown>) => {
    const serial = volumeId.replaceAll('-', '').slice(0, 20);
    return ssh(address(vm), `grep -l ${serial} /sys/block/vd*/serial 2>/dev/null | cut -d/ -f4`).then((name) =>
      name.trim(),
    );
  };
  const attach = (vm: Record<string, unknown>) =>
    api.callAndWait('attachVolume', { id: volumeId, virtualmachineid: String(vm['id']) });
  const appears = async (vm: Record<string, unknown>) => {
    await eventually('the guest sees the disk', async () => (await device(vm)) !== '');
    return device(vm);
  };
  const hash = (vm: Record<string, unknown>, name: string) =>
    ssh(address(vm), `dd if=/dev/${name} bs=1M count=16 2>/dev/null | sha256sum`);

  it('is plugged into a running guest, grows under it, and is taken out again', async () => {
    first = itemsOf(await api.call('listVirtualMachines', { name: 'hello' }))[0]!;
    const [offering] = itemsOf(await api.call('listDiskOfferings', { name: 'Custom' }));
    const { zoneid } = basis;
    const params = { zoneid: zoneid!, diskofferingid: offering!.id, size: '1', name: 'precious' };
    volumeId = objectOf(await api.callAndWait('createVolume', params)).id;
    await attach(first);
    const name = await appears(first);
    expect(Number(await ssh(address(first), `cat /sys/block/${name}/size`)) * 512).toBe(GIB);
    await ssh(address(first), `dd if=/dev/urandom of=/dev/${name} bs=1M count=16 2>/dev/null; sync`);
    await api.callAndWait('resizeVolume', { id: volumeId, size: '2' });
    const size = async () => Number(await ssh(address(first), `cat /sys/block/${name}/size`)) * 512;
    await eventually('the guest sees that it grew', async () => (await size()) === 2 * GIB);
  });

  it('carries what one machine wrote on it to another, through its detachment, a stop and a start', async () => {
    second = objectOf(await api.callAndWait('deployVirtualMachine', { ...basis, name: 'mate' }));
    await eventually('it answers', () => answersSsh(address(second)));
    const written = await hash(first, await device(first));
    await api.callAndWait('detachVolume', { id: volumeId });
    expect(await device(first)).toBe('');
    await attach(second);
    expect(await hash(second, await appears(second))).toBe(written);
    await api.callAndWait('stopVirtualMachine', { id: String(second['id']), forced: 'true' });
    await api.callAndWait('startVirtualMachine', { id: String(second['id']) });
    await eventually('it answers', () => answersSsh(address(second)));
    expect(await hash(second, await appears(second))).toBe(written);
  });

  it('outlives its machine, until it is deleted with its file', async () => {
    const files = () =>
      readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((file) => file.includes(volumeId));
    await api.callAndWait('destroyVirtualMachine', { id: String(second['id']), expunge: 'true' });
    expect(itemsOf(await api.call('listVolumes', { id: volumeId }))[0]).toMatchObject({ state: 'Ready' });
    expect(files()).toHaveLength(1);
    await api.callAndWait('deleteVolume', { id: volumeId });
    expect(files()).toEqual([]);
  });
});

describe('a CD drive', () => {
  let virtualmachineid: string;
  let address: string;
  let id: string;
  const WORDS = 'read from a disc';

  /** Made anew, served for as long as it takes to register it. */
  async function register(): Promise<string> {
    const from = join(home, 'disc');
    mkdirSync(from);
    writeFileSync(join(from, 'words'), WORDS);
    const file = join(home, 'disc.iso');
    await run('xorriso', ['-as', 'mkisofs', '-quiet', '-V', 'words', '-J', '-r', '-o', file, from]);
    const server = createServer((_request, response) => response.end(readFileSync(file))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/disc.iso`;
      const isoId = objectOf(await api.call('registerIso', { name: 'words', url, zoneid: basis['zoneid']! })).id;
      const ready = async () => itemsOf(await api.call('listIsos', { id: isoId }))[0]?.['isready'] === true;
      await eventually('the ISO is ready', ready);
      return isoId;
    } finally {
      server.close();
    }
  }

  const mount = () => ssh(address, 'modprobe -a virtio_scsi sr_mod isofs; mount -r -t iso9660 /dev/sr0 /mnt');
  const read = () => ssh(address, 'cat /mnt/words');
  const attach = () => api.callAndWait('attachIso', { id, virtualmachineid });

  it('shows its guest the disc that is put in while it runs, and keeps it while the guest reads it', async () => {
    const vm = objectOf(await api.callAndWait('deployVirtualMachine', { ...basis, name: 'reader' }));
    [virtualmachineid, address] = [vm.id, String(vm['ipaddress'])];
    await eventually('it answers', () => answersSsh(address));
    await expect(mount(), 'the drive is empty').rejects.toThrow('mount');
    id = await register();
    expect(objectOf(await attach())).toMatchObject({ id: virtualmachineid, isoid: id, isoname: 'words' });
    await mount();
    expect(await read()).toBe(WORDS);
    const detached = api.callAndWait('detachIso', { virtualmachineid });
    await expect(detached).rejects.toThrow('eject it there, or say forced=true');
    expect(await read()).toBe(WORDS);
    await expect(api.call('deleteIso', { id })).rejects.toThrow('of reader; detach it there first');
  });

  it('holds it through a stop and a start, and another time after it was taken out', async () => {
    await api.callAndWait('stopVirtualMachine', { id: virtualmachineid, forced: 'true' });
    await api.callAndWait('startVirtualMachine', { id: virtualmachineid });
    await eventually('it answers', () => answersSsh(address));
    await mount();
    expect(await read()).toBe(WORDS);
    await ssh(address, 'umount /mnt');
    await api.callAndWait('detachIso', { virtualmachineid });
    await expect(mount(), 'the drive is empty').rejects.toThrow('mount');
    await attach();
    await mount();
    expect(await read()).toBe(WORDS);
  });

  it('is emptied by force, and the ISO can go', async () => {
    const emptied = objectOf(await api.callAndWait('detachIso', { virtualmachineid, forced: 'true' }));
    expect(emptied).not.toHaveProperty('isoid');
    await ssh(address, 'umount /mnt');
    await expect(mount(), 'the drive is empty').rejects.toThrow('mount');
    await api.callAndWait('deleteIso', { id });
    await api.callAndWait('destroyVirtualMachine', { id: virtualmachineid, expunge: 'true' });
    await command('doctor');
  });
});

describe('a machine that may grow', () => {
  it('is given a processor and memory while it runs', async () => {
    const offering = async (name: string, size: Record<string, string>) =>
      objectOf(
        await api.callAndWait('createServiceOffering', {
          ...{ name, displaytext: name, cpuspeed: '500', dynamicscalingenabled: 'true' },
          ...size,
        }),
      ).id;
    const small = await offering('one', { cpunumber: '1', memory: '512' });
    const large = await offering('two', { cpunumber: '2', memory: '768' });
    const vm = objectOf(
      await api.callAndWait('deployVirtualMachine', { ...basis, name: 'growing', serviceofferingid: small }),
    );
    const address = String(vm['ipaddress']);
    await eventually('it answers', () => answersSsh(address));
    const count = async (what: string) => Number(await ssh(address, `ls -d /sys/devices/system/${what} | wc -l`));
    const [processors, blocks] = [await count('cpu/cpu[0-9]*'), await count('memory/memory[0-9]*')];
    await api.callAndWait('scaleVirtualMachine', { id: vm.id, serviceofferingid: large });
    await eventually('the guest has another processor', async () => (await count('cpu/cpu[0-9]*')) === processors + 1);
    await eventually('the guest has more memory', async () => (await count('memory/memory[0-9]*')) === blocks + 2);
    expect(await vmById(vm.id)).toMatchObject({ cpunumber: 2, memory: 768, state: 'Running' });
    await api.callAndWait('destroyVirtualMachine', { id: vm.id, expunge: 'true' });
  });
});
