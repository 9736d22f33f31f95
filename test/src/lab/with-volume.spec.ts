/**
 * A machine moves together with its disk between directories that one host alone has, and from one of them into Ceph,
 * whoever is killed in the middle.
 */
import { LAB_NAMES } from '@durastack/cli/lab/cloud';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, itemsOf, objectOf } from '../support/basis.js';
import { crashWorker } from './control-plane.js';
import { expectInOnePlace } from './one-place.js';
import { LAB_TIMEOUT_MS, useLab, type LabFixture, type LabVm } from './use-lab.js';

const TIMEOUT_MS = 240_000;
const JOB_DONE = 1;
const HOSTS = ['host-1', 'host-2'] as const;
const PAYLOAD = '/root/payload';
/** On each host another directory of this name. */
const OWN = '/var/lib/own-disks';

let lab: LabFixture;
const pools = new Map<string, string>();
let cephId: string;
let vm: LabVm;
let nonce: string;
let volumeId: string;
let payload: string;
beforeAll(async () => {
  lab = await useLab({ ceph: true });
  vm = await lab.deployCounterVm({ name: 'house-mover', host: HOSTS[0] });
  ({ nonce } = await lab.counter(vm));
  volumeId = itemsOf(await lab.admin.call('listVolumes', { virtualmachineid: vm.id, type: 'ROOT' }))[0]!.id;
  const [machine] = itemsOf(await lab.admin.call('listVirtualMachines', { id: vm.id }));
  for (const host of HOSTS) {
    await lab.exec(host, ['mkdir', '-p', OWN]);
    // As the offering of the lab's machines asks for.
    const params = { zoneid: String(machine!['zoneid']), hostid: lab.hostId(host), tags: 'shared' };
    const pool = { ...params, name: `own-${host}`, url: `file://${OWN}` };
    pools.set(host, objectOf(await lab.admin.callAndWait('createStoragePool', pool)).id);
  }
  cephId = itemsOf(await lab.admin.call('listStoragePools', { name: LAB_NAMES.cephPool }))[0]!.id;
  await tagCeph('ceph,shared');
  await lab.inGuest(vm, `dd if=/dev/urandom of=${PAYLOAD} bs=1M count=4 2>/dev/null; sync`);
  payload = await hash();
}, LAB_TIMEOUT_MS);
afterAll(async () => {
  if (vm !== undefined) await lab.admin.callAndWait('destroyVirtualMachine', { id: vm.id, expunge: 'true' });
  if (cephId !== undefined) await tagCeph('ceph');
  for (const id of pools.values()) await lab.admin.callAndWait('deleteStoragePool', { id });
  await lab?.release();
}, LAB_TIMEOUT_MS);

const tagCeph = (tags: string) => lab.admin.call('updateStoragePool', { id: cephId, tags });
const hash = () => lab.inGuest(vm, `sync; echo 3 >/proc/sys/vm/drop_caches; sha256sum ${PAYLOAD}`);

/** Asks for its move to a host, with its disk to a pool: that host's own, unless another is named. */
async function beginMove(host: string, pool = pools.get(host)!): Promise<string> {
  const disk = { 'migrateto[0].volume': volumeId, 'migrateto[0].pool': pool };
  const move = { virtualmachineid: vm.id, hostid: lab.hostId(host), ...disk };
  return String((await lab.admin.call('migrateVirtualMachineWithVolume', move))['jobid']);
}

/** Where files of the disk lie: hosts, `shared`, or `ceph`. */
async function copies(): Promise<string[]> {
  const found: string[] = [];
  for (const [host, path] of [...HOSTS.map((name) => [name, OWN] as const), [HOSTS[0], '/srv/shared'] as const]) {
    const { stdout } = await lab.exec(host, ['find', path, '-name', `*${volumeId}*`]);
    if (stdout.trim() !== '') found.push(path === OWN ? host : 'shared');
  }
  return (await lab.cephImages()).includes(`volume-${volumeId}`) ? [...found, 'ceph'] : found;
}

async function expectMoved(jobId: string, host: string, pool = pools.get(host)!): Promise<void> {
  const job = await lab.admin.waitForJob(jobId);
  expect(job, JSON.stringify(job.jobresult)).toMatchObject({ jobstatus: JOB_DONE });
  expect(await expectInOnePlace(lab, vm, nonce)).toBe(host);
  const [volume] = itemsOf(await lab.admin.call('listVolumes', { id: volumeId }));
  expect(volume).toMatchObject({ state: 'Ready', storageid: pool });
  expect(await copies()).toEqual([pool === cephId ? 'ceph' : host]);
  expect(await hash()).toBe(payload);
}

describe('a machine that counts', () => {
  it('goes from a shared directory into one of another host alone', { timeout: TIMEOUT_MS }, async () => {
    await expectMoved(await beginMove(HOSTS[1]), HOSTS[1]);
    const [here] = itemsOf(await lab.admin.call('findHostsForMigration', { virtualmachineid: vm.id })).filter(
      ({ id }) => id === lab.hostId(HOSTS[0]),
    );
    expect(here).toMatchObject({ suitableformigration: true, requiresStorageMotion: true });
  });

  it('goes back into one of the first alone while the worker is killed', { timeout: TIMEOUT_MS }, async () => {
    const jobId = await beginMove(HOSTS[0]);
    await eventually('a second QEMU', async () => lab.witness.copies(vm.id).length === 2);
    await crashWorker(lab);
    await expectMoved(jobId, HOSTS[0]);
  });

  it.each([
    { who: "its host's agent", strike: (from: string) => lab.crash(from, 'durastack-agent') },
    { who: "its host's libvirtd", strike: (from: string) => lab.crash(from, 'libvirtd') },
    { who: "the other host's libvirtd", strike: (_from: string, to: string) => lab.crash(to, 'libvirtd') },
  ])('is in one place with its disk when $who is killed', { timeout: TIMEOUT_MS }, async ({ strike }) => {
    const from = await lab.hostOf(vm);
    const to = HOSTS.find((name) => name !== from)!;
    const jobId = await beginMove(to);
    await eventually('a second QEMU', async () => lab.witness.copies(vm.id).length === 2);
    await strike(from, to);
    await lab.admin.waitForJob(jobId);
    const host = await expectInOnePlace(lab, vm, nonce);
    expect(await copies()).toEqual([host]);
    expect(await hash()).toBe(payload);
  });

  it(
    'goes from a directory of its host alone into Ceph while the worker is killed',
    { timeout: TIMEOUT_MS },
    async () => {
      const from = await lab.hostOf(vm);
      const to = lab.hosts.find((name) => name !== from)!;
      const jobId = await beginMove(to, cephId);
      await eventually('a second QEMU', async () => lab.witness.copies(vm.id).length === 2);
      await crashWorker(lab);
      await expectMoved(jobId, to, cephId);
    },
  );
});
