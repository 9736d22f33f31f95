/** Live migration on real hosts: the guest's counter goes on, whoever is killed in the middle. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/basis.js';
import { dura, LAB_TIMEOUT_MS, useLab, type LabFixture, type LabVm } from './use-lab.js';

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

/** Running, in one place, the one that is recorded, and never restarted; and the doctor has nothing to say. */
async function expectOneCopy(): Promise<string> {
  const host = await eventually('it runs where it is recorded', async () => {
    const name = await lab.hostOf(vm).catch(() => undefined);
    return name !== undefined && (await lab.domains(name)).length === 1 ? name : undefined;
  });
  for (const other of lab.hosts.filter((name) => name !== host)) expect(await lab.domains(other)).toEqual([]);
  expect(lab.witness.copies(vm.id)).toHaveLength(1);
  const first = await lab.untilCounting(vm);
  expect(first.nonce).toBe(nonce);
  await eventually('it counts on', async () => (await lab.counter(vm)).count > first.count);
  expect(lab.witness.violations).toEqual([]);
  expect((await lab.diskLog(vm, host)).isInterleaved).toBe(false);
  expect(await dura(lab.lab.home.root, ['doctor'])).not.toMatch(/machine-/);
  return host;
}

describe('a machine', () => {
  it('goes to another host and on, and its counter never starts again', { timeout: TIMEOUT_MS }, async () => {
    for (const host of ['host-2', 'host-1']) {
      const job = await lab.admin.waitForJob(await migrate(host));
      expect(job).toMatchObject({ jobstatus: JOB_DONE });
      expect(await expectOneCopy()).toBe(host);
    }
  });
});

describe('in the middle of a migration', () => {
  /** Waits until the copy is there, so that what follows strikes in the middle. */
  const underWay = (to: string) =>
    eventually('a second QEMU', async () => lab.witness.copies(vm.id).length === 2 || (await lab.hostOf(vm)) === to);

  const unit = (host: string, word: string) =>
    lab.exec(host, ['/usr/local/sbin/systemctl', 'kill', '--signal=SIGKILL', word]);

  it.each([
    { who: "the source's agent", strike: (from: string) => unit(from, 'durastack-agent') },
    { who: "the destination's agent", strike: (_from: string, to: string) => unit(to, 'durastack-agent') },
    { who: "the source's libvirtd", strike: (from: string) => killLibvirtd(from) },
    { who: "the destination's libvirtd", strike: (_from: string, to: string) => killLibvirtd(to) },
    { who: 'the worker', strike: async () => process.kill(await workerPid(), 'SIGKILL') },
  ])('$who is killed: it is in one place, and counts on', { timeout: TIMEOUT_MS }, async ({ strike }) => {
    const from = await lab.hostOf(vm);
    const to = lab.hosts.find((name) => name !== from)!;
    const jobId = await migrate(to);
    await underWay(to);
    await strike(from, to);
    await dura(lab.lab.home.root, ['lab', 'up']);
    await lab.admin.waitForJob(jobId);
    expect([from, to]).toContain(await expectOneCopy());
  });

  async function workerPid(): Promise<number> {
    const status = JSON.parse(await dura(lab.lab.home.root, ['status', '--json'])) as {
      processes: { name: string; pid: number }[];
    };
    return status.processes.find(({ name }) => name === 'worker')!.pid;
  }

  async function killLibvirtd(host: string): Promise<void> {
    await lab.exec(host, ['/usr/local/sbin/systemctl', 'kill', '--signal=SIGKILL', 'libvirtd']);
  }
});
