/** Live migration on real hosts: the guest's counter goes on, whoever is killed in the middle. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/basis.js';
import { crashWorker } from './control-plane.js';
import { expectInOnePlace } from './one-place.js';
import { LAB_TIMEOUT_MS, useLab, type LabFixture, type LabVm } from './use-lab.js';

const TIMEOUT_MS = 240_000;
const JOB_DONE = 1;

let lab: LabFixture;
let vm: LabVm;
let nonce: string;
beforeAll(async () => {
  lab = await useLab();
  vm = await lab.deployCounterVm({ name: 'mover', host: 'host-1' });
  ({ nonce } = await lab.counter(vm));
}, LAB_TIMEOUT_MS);
afterAll(() => lab?.release(), LAB_TIMEOUT_MS);

const migrate = async (host: string) => {
  const params = { virtualmachineid: vm.id, hostid: lab.hostId(host) };
  return String((await lab.admin.call('migrateVirtualMachine', params))['jobid']);
};

describe('a machine', () => {
  it('goes to another host and on, and its counter never starts again', { timeout: TIMEOUT_MS }, async () => {
    for (const host of ['host-2', 'host-1']) {
      const job = await lab.admin.waitForJob(await migrate(host));
      expect(job).toMatchObject({ jobstatus: JOB_DONE });
      expect(await expectInOnePlace(lab, vm, nonce)).toBe(host);
    }
  });
});

describe('in the middle of a migration', () => {
  /** Waits until the copy is there, so that what follows strikes in the middle. */
  const underWay = (to: string) =>
    eventually('a second QEMU', async () => lab.witness.copies(vm.id).length === 2 || (await lab.hostOf(vm)) === to);

  it.each([
    { who: "the source's agent", strike: (from: string) => lab.crash(from, 'durastack-agent') },
    { who: "the destination's agent", strike: (_from: string, to: string) => lab.crash(to, 'durastack-agent') },
    { who: "the source's libvirtd", strike: (from: string) => lab.crash(from, 'libvirtd') },
    { who: "the destination's libvirtd", strike: (_from: string, to: string) => lab.crash(to, 'libvirtd') },
    { who: 'the worker', strike: () => crashWorker(lab) },
  ])('$who is killed: it is in one place, and counts on', { timeout: TIMEOUT_MS }, async ({ strike }) => {
    const from = await lab.hostOf(vm);
    const to = lab.hosts.find((name) => name !== from)!;
    const jobId = await migrate(to);
    await underWay(to);
    await strike(from, to);
    await lab.admin.waitForJob(jobId);
    expect([from, to]).toContain(await expectInOnePlace(lab, vm, nonce));
  });
});
