/** The driver on a libvirt as distributions deliver it: QEMU runs as a user of its own, libvirt gives it the files. */
import type { VmSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { HostDriver, VerbContext } from '../driver.js';
import { basePath, volumePath } from '../directory-pool/paths.js';
import { imagePath } from '../image/image-files.js';
import { createLibvirtDriver, type ImageVerbs } from './driver.js';
import { startLibvirtdFixture, type LibvirtdFixture } from './libvirtd-fixture.js';
import { GUEST_SAYS, makeDisc, makePool, networkOf, vmOf, volumeOf, type PoolFixture } from './vm-fixture.js';
import { vmFiles } from './vm-files.js';

/** Debian's and Ubuntu's, less what needs AppArmor, control groups or `virtlogd`. `remember_owner` is on. */
const QEMU_CONF = [
  'user = "libvirt-qemu"',
  'group = "kvm"',
  'dynamic_ownership = 1',
  'security_driver = "none"',
  'cgroup_controllers = []',
  'namespaces = []',
  'stdio_handler = "file"',
];

const refuse = (): never => {
  throw new DurastackError('BUG', 'This spec fetches no images');
};
const images: ImageVerbs = {
  fetchImage: refuse,
  ensureImageGone: refuse,
};
const context = (): VerbContext => ({ signal: new AbortController().signal, progress: () => undefined });
const qemu = Number(execFileSync('id', ['-u', 'libvirt-qemu'], { encoding: 'utf8' }));
const ownerAndMode = async (path: string): Promise<string> => {
  const { uid, mode } = await stat(path);
  return `${uid} ${(mode & 0o777).toString(8)}`;
};

let libvirtd: LibvirtdFixture;
let driver: HostDriver;
let pool: PoolFixture;
let stateDir: string;
let vm: VmSpec;
let nextHost = 10;

const makeDriver = (dir: string): HostDriver =>
  createLibvirtDriver({
    socketPath: libvirtd.socketPath,
    stateDir: dir,
    instance: libvirtd.instance,
    networkNamespace: libvirtd.networkNamespace,
    accelerator: 'tcg',
    images,
  });

async function newVm(over: PoolFixture): Promise<VmSpec> {
  const volume = volumeOf(over);
  await driver.verbs.ensureVolume({ volume }, context());
  const host = nextHost++;
  return vmOf({ instance: libvirtd.instance, volume, networks: [networkOf(libvirtd.instance, host)], host });
}

beforeAll(async () => {
  libvirtd = await startLibvirtdFixture(undefined, QEMU_CONF);
  await chmod(libvirtd.dir, 0o711);
  pool = await makePool(libvirtd.dir);
  stateDir = join(libvirtd.dir, 'state');
  driver = makeDriver(stateDir);
  await driver.start(() => undefined);
}, 120_000);
afterEach(async () => {
  await driver.verbs.ensureVmGone({ vmId: vm.id }, context());
  for (const { network } of vm.nics) await driver.verbs.ensureNetworkGone({ networkId: network.id }, context());
});
afterAll(async () => {
  await driver.stop();
  await libvirtd.end();
});

// Where QEMU's user may not open /dev/kvm, libvirt may probe the emulator anew at each call: half a minute a start.
describe('a machine whose QEMU is not root', () => {
  it('runs, prints, shows its screen, stops, starts again and goes', async () => {
    const disc = await makeDisc(libvirtd.dir);
    vm = { ...(await newVm(pool)), disc };
    const vmId = vm.id;
    const files = vmFiles(stateDir, vmId);
    const log = async () => (await driver.verbs.getSerialLog({ vmId, maxBytes: 65_536 }, context())).text;
    const times = async () => (await log()).split(GUEST_SAYS).length - 1;
    for (const start of [1, 2]) {
      expect(await driver.verbs.ensureVmRunning({ vm }, context())).toEqual({ power: 'running' });
      await expect.poll(times, { timeout: 15_000 }).toBe(start);
      const pid = await readFile(join(libvirtd.dir, 'lv', 'run', 'qemu', `${vm.domainName}.pid`), 'utf8');
      expect((await stat(`/proc/${pid.trim()}`)).uid).toBe(qemu);
      expect(await ownerAndMode(files.seed)).toBe(`${qemu} 600`);
      expect(await ownerAndMode(files.dir)).toBe('0 711');
      expect(await ownerAndMode(basePath(pool.pool, pool.templateId))).toBe('0 644');
      const console_ = await driver.openConsole(vmId);
      const greeting = await new Promise<Buffer>((data) => console_.once('data', data));
      expect(greeting.toString('latin1')).toMatch(/^RFB 003\./);
      console_.destroy();
      await driver.verbs.ensureVmDisc({ vmId, forced: false }, context());
      await driver.verbs.ensureVmDisc({ vmId, disc, forced: false }, context());
      expect(await ownerAndMode(imagePath(disc.store.path, disc.isoId)), 'many machines may read it').toBe('0 644');
      expect(await driver.verbs.ensureVmStopped({ vmId }, context())).toEqual({ power: 'off' });
      expect(await ownerAndMode(volumePath({ id: vm.rootVolume.id, pool: pool.pool }))).toBe('0 644');
    }
    await driver.verbs.ensureVmGone({ vmId }, context());
    await expect(stat(files.dir)).rejects.toThrow();
  }, 180_000);

  it('is not taken before its memory is complete where the kernel leaves page faults to root', async () => {
    const allowed = (await readFile('/proc/sys/vm/unprivileged_userfaultfd', 'utf8')).trim() === '1';
    vm = await newVm(pool);
    await driver.verbs.ensureVmRunning({ vm }, context());
    const needs = await driver.verbs.getMigrationNeeds({ vmId: vm.id }, context());
    const { noPostCopy = '' } = await driver.verbs.checkMigration({ vm, needs }, context());
    if (Number(needs.hypervisorVersion.split('.')[0]) < 8)
      expect(noPostCopy).toMatch(allowed ? /^$/ : /sysctl vm\.unprivileged_userfaultfd=1/);
  }, 120_000);

  it('has no console when a link lies in place of its socket', async () => {
    vm = await newVm(pool);
    await driver.verbs.ensureVmRunning({ vm }, context());
    const { vncSocket } = vmFiles(stateDir, vm.id);
    await rm(vncSocket);
    await symlink(libvirtd.socketPath, vncSocket);
    await expect(driver.openConsole(vm.id)).rejects.toMatchObject({ code: 'ENVIRONMENT' });
  }, 120_000);

  it('is refused, with the directory in the way, when its files or its pool are out of its reach', async () => {
    const closed = join(libvirtd.dir, 'closed');
    await mkdir(closed, { mode: 0o700 });
    vm = await newVm(await makePool(closed));
    await expect(driver.verbs.ensureVmRunning({ vm }, context())).rejects.toMatchObject({
      code: 'STEP_REFUSED',
      message: expect.stringContaining(`pass through ${closed} `) as string,
    });
    await expect(stat(vmFiles(stateDir, vm.id).dir)).rejects.toThrow();
    const hidden = makeDriver(join(closed, 'state'));
    await expect(hidden.verbs.ensureVmRunning({ vm }, context())).rejects.toThrow('DURASTACK_AGENT_STATE_DIR');
    await hidden.stop();
  });
});
