/** Maintenance of real hosts: guests go on counting while their host is emptied, whoever is killed in the middle. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, itemsOf, objectOf } from '../support/basis.js';
import { crashWorker } from './control-plane.js';
import { dura, LAB_TIMEOUT_MS, useLab, type LabFixture, type LabVm } from './use-lab.js';

const TIMEOUT_MS = 300_000;
const HOOKS = '/etc/durastack/maintenance.d';

let lab: LabFixture;
let guests: readonly { readonly vm: LabVm; readonly nonce: string }[];
beforeAll(async () => {
  lab = await useLab();
  const machines = await Promise.all(['one', 'two'].map((name) => lab.deployCounterVm({ name, host: 'host-1' })));
  guests = await Promise.all(machines.map(async (vm) => ({ vm, nonce: (await lab.counter(vm)).nonce })));
}, LAB_TIMEOUT_MS);
afterAll(async () => {
  for (const host of lab?.hosts ?? []) await lab.exec(host, ['rm', '-rf', HOOKS]);
  await lab?.release();
}, LAB_TIMEOUT_MS);

const resourceState = async (host: string) =>
  itemsOf(await lab.admin.call('listHosts', { id: lab.hostId(host) }))[0]?.['resourcestate'];

/** Each in one place, which is not this host, and it never started again. */
async function expectElsewhere(host: string): Promise<void> {
  for (const { vm, nonce } of guests) {
    expect(await lab.hostOf(vm)).not.toBe(host);
    expect((await lab.untilCounting(vm)).nonce).toBe(nonce);
    expect(lab.witness.copies(vm.id)).toHaveLength(1);
  }
  expect(await lab.domains(host)).toEqual([]);
  expect(lab.witness.violations).toEqual([]);
}

describe('a real host', () => {
  it('is emptied although worker, agent and libvirtd are killed, then used', { timeout: TIMEOUT_MS }, async () => {
    const id = lab.hostId('host-1');
    const plan = objectOf(await lab.admin.call('getHostMaintenancePlan', { id }));
    expect(plan).toMatchObject({ possible: true });
    const { jobid } = await lab.admin.call('prepareHostForMaintenance', { id });
    const first = guests[0]!.vm;
    await eventually('a move is under way', async () => {
      const moving = guests.some(({ vm }) => lab.witness.copies(vm.id).length > 1);
      return moving || (await lab.hostOf(first)) !== 'host-1';
    });
    const crashes = [lab.crash('host-1', 'durastack-agent'), lab.crash('host-1', 'libvirtd'), crashWorker(lab)];
    await Promise.all(crashes);
    expect(await lab.admin.waitForJob(String(jobid))).toMatchObject({ jobstatus: 1 });
    expect(await resourceState('host-1')).toBe('Maintenance');
    await expectElsewhere('host-1');
    await lab.admin.callAndWait('cancelHostMaintenance', { id });
    expect(await resourceState('host-1')).toBe('Enabled');
  });

  it("runs its owner's scripts around that, one host after the other", { timeout: TIMEOUT_MS }, async () => {
    const log = '/run/lab/hooks';
    for (const host of lab.hosts) {
      await lab.exec(host, ['rm', '-f', log]);
      await lab.exec(host, ['install', '-d', '-m', '755', HOOKS]);
      for (const stage of ['PreFlight', 'PreMaintenance', 'Maintenance', 'PostMaintenance']) {
        const script = `#!/bin/sh\necho "${stage} $1 $(virsh -q list --name | grep -c .)" >> ${log}\n`;
        await lab.exec(host, ['tee', `${HOOKS}/${stage}`], { input: script });
        await lab.exec(host, ['chmod', '755', `${HOOKS}/${stage}`]);
      }
    }
    const hostids = ['host-2', 'host-3'].map((host) => lab.hostId(host)).join(',');
    const { jobid } = await lab.admin.call('startRollingMaintenance', { hostids, payload: 'kernel', forced: 'true' });
    const job = await lab.admin.waitForJob(String(jobid));
    expect(objectOf(job.jobresult as Record<string, unknown>)).toMatchObject({ hostsskipped: [] });
    for (const host of ['host-2', 'host-3']) {
      const { stdout } = await lab.exec(host, ['cat', log]);
      const lines = stdout.trim().split('\n');
      expect(lines.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
        'PreFlight kernel',
        'PreMaintenance kernel',
        'Maintenance kernel',
        'PostMaintenance kernel',
      ]);
      expect(lines[2], 'it is empty while it is maintained').toBe('Maintenance kernel 0');
      expect(await resourceState(host)).toBe('Enabled');
    }
    await expectElsewhere('host-3');
    for (const { vm } of guests) expect((await lab.diskLog(vm)).isInterleaved).toBe(false);
    expect(await dura(lab.lab.home.root, ['doctor'])).not.toMatch(/machine-|volume-/);
  });
});
