import type { ObservedVm, VmSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HostDriver, VerbContext } from '../driver.js';
import { run } from '../process/run.js';
import { createLibvirtDriver, type ImageVerbs } from './driver.js';
import { startLibvirtdFixture, type LibvirtdFixture } from './libvirtd-fixture.js';
import { LibvirtClient } from './rpc/client.js';
import { GUEST_SAYS, makeDisc, makePool, networkOf, vmOf, volumeOf, type PoolFixture } from './vm-fixture.js';

const refuse = (): never => {
  throw new DurastackError('BUG', 'This spec fetches no images');
};
const images: ImageVerbs = {
  fetchImage: refuse,
  ensureImageGone: refuse,
};

let libvirtd: LibvirtdFixture;
let driver: HostDriver;
let pool: PoolFixture;
let raw: LibvirtClient;
const changes: ObservedVm[] = [];
const made: VmSpec[] = [];
let nextHost = 10;

const context = (signal = new AbortController().signal): VerbContext => ({ signal, progress: () => undefined });
const powerSeen = (vm: VmSpec): string | undefined => changes.findLast((change) => change.id === vm.id)?.power;
const stateFile = (...parts: string[]): string => join(libvirtd.dir, 'state', ...parts);
const makeDriver = (): HostDriver =>
  createLibvirtDriver({
    socketPath: libvirtd.socketPath,
    stateDir: stateFile(),
    instance: libvirtd.instance,
    networkNamespace: libvirtd.networkNamespace,
    accelerator: 'tcg',
    images,
  });

async function newVm(over = pool): Promise<VmSpec> {
  const volume = volumeOf(over);
  await driver.verbs.ensureVolume({ volume }, context());
  const host = nextHost++;
  const vm = vmOf({ instance: libvirtd.instance, volume, networks: [networkOf(libvirtd.instance, host)], host });
  made.push(vm);
  return vm;
}

beforeAll(async () => {
  libvirtd = await startLibvirtdFixture();
  raw = new LibvirtClient({ socketPath: libvirtd.socketPath });
  pool = await makePool(libvirtd.dir);
  driver = makeDriver();
  await driver.start((vm) => changes.push(vm));
});
afterEach(async () => {
  for (const vm of made.splice(0)) {
    await driver.verbs.ensureVmGone({ vmId: vm.id }, context());
    for (const { network } of vm.nics) await driver.verbs.ensureNetworkGone({ networkId: network.id }, context());
  }
});
afterAll(async () => {
  await driver.stop();
  raw.close();
  await libvirtd.end();
});

describe('a machine', () => {
  it('runs, prints, is asked to shut down, starts again, is stopped and goes, and says so each time', async () => {
    const vm = await newVm();
    const vmId = vm.id;
    expect(await driver.verbs.getVm({ vmId }, context())).toEqual({ power: 'absent' });
    expect(await driver.verbs.ensureVmRunning({ vm }, context())).toEqual({ power: 'running' });
    await expect.poll(() => powerSeen(vm), { timeout: 2000 }).toBe('running');
    const log = () => driver.verbs.getSerialLog({ vmId, maxBytes: 65_536 }, context());
    await expect.poll(async () => (await log()).text, { timeout: 15_000 }).toContain(GUEST_SAYS);
    expect(await driver.verbs.ensureVmRunning({ vm }, context())).toEqual({ power: 'running' });
    expect(await driver.observe()).toContainEqual({ id: vmId, domainName: vm.domainName, power: 'running' });

    const press = async () => (await driver.verbs.requestVmShutdown({ vmId }, context())).power;
    await expect.poll(press, { timeout: 15_000, interval: 500 }).toBe('off');
    await expect.poll(() => powerSeen(vm), { timeout: 2000 }).toBe('off');
    expect(await driver.verbs.ensureVmRunning({ vm: { ...vm, memoryMib: 48 } }, context())).toEqual({
      power: 'running',
    });
    expect(await driver.verbs.ensureVmStopped({ vmId }, context())).toEqual({ power: 'off' });
    expect(await driver.verbs.ensureVmStopped({ vmId }, context())).toEqual({ power: 'off' });

    await driver.verbs.ensureVmGone({ vmId }, context());
    await driver.verbs.ensureVmGone({ vmId }, context());
    await expect.poll(() => powerSeen(vm), { timeout: 2000 }).toBe('absent');
    await expect(access(stateFile('vms', vmId))).rejects.toThrow();
    await access(join(pool.pool.path, 'volumes', `${vm.rootVolume.id}.qcow2`));
  });

  it('takes a changed definition at its next start', async () => {
    const vm = await newVm();
    await driver.verbs.ensureVmRunning({ vm }, context());
    await driver.verbs.ensureVmStopped({ vmId: vm.id }, context());
    await driver.verbs.ensureVmRunning({ vm: { ...vm, memoryMib: 64 } }, context());
    const domain = await raw.domainByUuid(vm.id);
    expect(domain && (await raw.inactiveXml(domain))).toMatch(/<memory unit='KiB'>65536</);
  });

  it('that was started without a CD drive is given no disc, until its next start', async () => {
    const disc = await makeDisc(libvirtd.dir);
    const vm = await newVm();
    const vmId = vm.id;
    await driver.verbs.ensureVmRunning({ vm }, context());
    await driver.verbs.ensureVmStopped({ vmId }, context());
    const domain = await raw.domainByUuid(vmId);
    const xml = domain && (await raw.inactiveXml(domain));
    const without = xml?.replace(/<disk type='file' device='cdrom'>.*?<\/disk>/s, '') ?? '';
    expect(without).not.toBe(xml);
    await raw.createDomain(await raw.defineDomain(without));
    const put = { vmId, disc, forced: false };
    await expect(driver.verbs.ensureVmDisc(put, context())).rejects.toMatchObject({
      code: 'NOT_ALLOWED_IN_STATE',
      message: expect.stringContaining('stop and start it once') as string,
    });
    expect(await driver.verbs.ensureVmDisc({ vmId, forced: true }, context())).toEqual({ power: 'running' });
    await driver.verbs.ensureVmStopped({ vmId }, context());
    await driver.verbs.ensureVmRunning({ vm }, context());
    expect(await driver.verbs.ensureVmDisc(put, context())).toEqual({ power: 'running' });
  });

  it('has its disc again in a drive that its guest has opened', async () => {
    const disc = await makeDisc(libvirtd.dir);
    const vm = { ...(await newVm()), disc };
    await driver.verbs.ensureVmRunning({ vm }, context());
    const domain = await raw.domainByUuid(vm.id);
    if (!domain) expect.fail('no domain');
    const open = { execute: 'blockdev-open-tray', arguments: { id: 'scsi0-0-0-0', force: true } };
    await raw.monitorCommand(domain, JSON.stringify(open));
    const isOpen = async () => /<target dev='sda' [^>]*tray='open'/.test(await raw.presentXml(domain));
    await expect.poll(isOpen, { timeout: 5_000 }).toBe(true);
    const put = { vmId: vm.id, disc, forced: false };
    await driver.verbs.ensureVmDisc(put, context());
    expect(await isOpen()).toBe(false);
    expect(await driver.verbs.ensureVmDisc(put, context())).toEqual({ power: 'running' });
  });

  it('is resumed when it was paused behind our back', async () => {
    const vm = await newVm();
    await driver.verbs.ensureVmRunning({ vm }, context());
    const domain = await raw.domainByUuid(vm.id);
    if (domain) await raw.suspendDomain(domain);
    await expect.poll(() => powerSeen(vm), { timeout: 2000 }).toBe('paused');
    expect(await driver.verbs.ensureVmRunning({ vm }, context())).toEqual({ power: 'running' });
  });

  it('boots whatever was saved of its memory behind our back, and is not started by its host', async () => {
    const vm = await newVm();
    const virsh = (...words: string[]) =>
      run('virsh', ['-c', `qemu+unix:///system?socket=${libvirtd.socketPath}`, ...words]);
    const log = async () => (await driver.verbs.getSerialLog({ vmId: vm.id, maxBytes: 65_536 }, context())).text;
    const boots = async () => (await log()).split(GUEST_SAYS).length - 1;
    await driver.verbs.ensureVmRunning({ vm }, context());
    await expect.poll(boots, { timeout: 15_000 }).toBe(1);
    await virsh('managedsave', vm.domainName);
    await virsh('autostart', vm.domainName);
    const nextAgent = makeDriver();
    await nextAgent.start(() => undefined);
    await nextAgent.stop();
    expect(await virsh('list', '--all', '--name', '--autostart')).not.toContain(vm.domainName);
    expect(await driver.verbs.ensureVmRunning({ vm }, context())).toEqual({ power: 'running' });
    await expect.poll(boots, { timeout: 15_000 }).toBe(2);
  });

  it('leaves nothing behind when it cannot start, and starts once the reason is gone', async () => {
    const vm = await newVm();
    const broken = { ...vm, nics: vm.nics.map((nic) => ({ ...nic, tap: 'lo' })) };
    await expect(driver.verbs.ensureVmRunning({ vm: broken }, context())).rejects.toMatchObject({
      code: 'STEP_REFUSED',
    });
    expect(await raw.domainByUuid(vm.id)).toBeUndefined();
    await expect(access(stateFile('vms', vm.id))).rejects.toThrow();
    expect(await driver.verbs.ensureVmRunning({ vm }, context())).toEqual({ power: 'running' });
  });

  it('does not start once it was cancelled', async () => {
    const vm = await newVm();
    const signal = AbortSignal.abort();
    await expect(driver.verbs.ensureVmRunning({ vm }, context(signal))).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await raw.domainByUuid(vm.id)).toBeUndefined();
  });

  it('shows its screen through the console', async () => {
    const vm = await newVm();
    await expect(driver.openConsole(vm.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await driver.verbs.ensureVmRunning({ vm }, context());
    const console_ = await driver.openConsole(vm.id);
    const greeting = await new Promise<Buffer>((data) => console_.once('data', data));
    expect(greeting.toString('latin1')).toMatch(/^RFB 003\./);
    console_.destroy();
  });
});

describe('what others do', () => {
  it('is reported: a guest that powers itself off, one that is killed, one started behind our back', async () => {
    const shortLived = await newVm(await makePool(libvirtd.dir, { powerOffAfterTicks: 10 }));
    await driver.verbs.ensureVmRunning({ vm: shortLived }, context());
    await expect.poll(() => powerSeen(shortLived), { timeout: 15_000 }).toBe('off');

    const vm = await newVm();
    await driver.verbs.ensureVmRunning({ vm }, context());
    await expect.poll(() => powerSeen(vm), { timeout: 2000 }).toBe('running');
    const pidFile = join(libvirtd.dir, 'lv', 'run', 'qemu', `${vm.domainName}.pid`);
    process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGKILL');
    await expect.poll(() => powerSeen(vm), { timeout: 2000 }).toBe('off');
    const domain = await raw.domainByUuid(vm.id);
    if (domain) await raw.createDomain(domain);
    await expect.poll(() => powerSeen(vm), { timeout: 2000 }).toBe('running');
  });

  it('is reported after libvirtd was killed and came back; the machine runs on', async () => {
    const vm = await newVm();
    await driver.verbs.ensureVmRunning({ vm }, context());
    await libvirtd.kill();
    const pidFile = join(libvirtd.dir, 'lv', 'run', 'qemu', `${vm.domainName}.pid`);
    const qemu = Number(await readFile(pidFile, 'utf8'));
    await libvirtd.restart();
    await expect
      .poll(() => driver.verbs.getVm({ vmId: vm.id }, context()).catch(() => 'busy'))
      .toEqual({ power: 'running' });
    process.kill(qemu, 'SIGKILL');
    // Right after it adopted a machine, libvirt itself notices its end only after some two seconds.
    await expect.poll(() => powerSeen(vm), { timeout: 6000 }).toBe('off');
  });

  it('is left alone: domains of another instance are neither listed nor touched', async () => {
    const vm = await newVm();
    const xml = `<domain type='qemu'><name>foreign</name><uuid>${vm.id}</uuid><memory unit='MiB'>16</memory>
      <os><type arch='x86_64' machine='q35'>hvm</type></os></domain>`;
    const foreign = await raw.defineDomain(xml);
    expect((await driver.observe()).map((seen) => seen.id)).not.toContain(vm.id);
    await expect(driver.verbs.ensureVmGone({ vmId: vm.id }, context())).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(driver.verbs.ensureVmRunning({ vm }, context())).rejects.toMatchObject({ code: 'CONFLICT' });
    await raw.undefineDomain(foreign);
  });
});

describe('the host', () => {
  it('tells its facts, inventory and use', async () => {
    const vm = await newVm();
    await driver.verbs.ensureVmRunning({ vm }, context());
    const inventory = await driver.verbs.getInventory({ pools: [pool.pool] }, context());
    expect(inventory.facts).toMatchObject({ hypervisor: 'KVM', accelerator: 'tcg' });
    expect(inventory.vms).toContainEqual({ id: vm.id, domainName: vm.domainName, power: 'running' });
    expect(inventory.volumes[pool.pool.id]).toContain(vm.rootVolume.id);
    expect(inventory.networks).toContain(vm.nics[0]?.network.id);
    const usage = await driver.usage();
    expect(usage.cpuPercent).toBeGreaterThanOrEqual(0);
    expect(usage.memoryUsedMib).toBeGreaterThan(10);
    await driver.machineUse();
    const used = (await driver.machineUse()).find(({ id }) => id === vm.id);
    expect(used?.cpuMhz).toBeGreaterThanOrEqual(0);
    expect(used?.memoryMib).toBeGreaterThan(1);
  });

  it('refuses a state directory whose sockets would be too long', () => {
    const stateDir = `/${'x'.repeat(100)}`;
    expect(() => createLibvirtDriver({ socketPath: '/x', stateDir, instance: 'x', images })).toThrow(/too long/);
  });
});

describe('a volume', () => {
  it('is made over its base, grows, never shrinks, and goes with its partial files', async () => {
    const volume = { ...volumeOf(pool), sizeBytes: 3 * 1024 * 1024 };
    const { path } = await driver.verbs.ensureVolume({ volume }, context());
    const info = async () =>
      JSON.parse(await run('qemu-img', ['info', '-U', '--output=json', path])) as Record<string, unknown>;
    expect(await info()).toMatchObject({ 'virtual-size': 3 * 1024 * 1024, 'backing-filename-format': 'qcow2' });
    const { ino } = await stat(path);
    await driver.verbs.ensureVolume({ volume: { ...volume, sizeBytes: 5 * 1024 * 1024 } }, context());
    await driver.verbs.ensureVolume({ volume }, context());
    expect(await info()).toMatchObject({ 'virtual-size': 5 * 1024 * 1024 });
    expect((await stat(path)).ino).toBe(ino);
    await driver.verbs.ensureVolumeGone({ volumeId: volume.id, pool: pool.pool }, context());
    const left = await readdir(join(pool.pool.path, 'volumes'));
    expect(left.filter((name) => name.includes(volume.id))).toEqual([]);
  });
});
