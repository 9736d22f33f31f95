/** Balancing on real hosts: guests go on counting while a plan moves them, whoever is killed in the middle. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, itemsOf, objectOf } from '../support/basis.js';
import type { Plan } from '../drs/drs-cluster.js';
import { expectInOnePlace } from './one-place.js';
import { LAB_TIMEOUT_MS, useLab, type LabFixture, type LabVm } from './use-lab.js';

const TIMEOUT_MS = 300_000;
const CROWDED = 'host-1';
const SETTINGS = { 'drs.algorithm': 'balanced', 'drs.imbalance': '0.4' };

let lab: LabFixture;
let id: string;
let guests: readonly { readonly vm: LabVm; readonly nonce: string }[];
beforeAll(async () => {
  lab = await useLab();
  const [host] = itemsOf(await lab.admin.call('listHosts', { id: lab.hostId(CROWDED) }));
  id = String(host?.['clusterid']);
  for (const [name, value] of Object.entries(SETTINGS))
    await lab.admin.call('updateConfiguration', { name, value, clusterid: id });
  const names = ['one', 'two', 'three'];
  const machines = await Promise.all(names.map((name) => lab.deployCounterVm({ name, host: CROWDED })));
  guests = await Promise.all(machines.map(async (vm) => ({ vm, nonce: (await lab.counter(vm)).nonce })));
}, LAB_TIMEOUT_MS);
afterAll(async () => {
  for (const name of Object.keys(SETTINGS)) await lab?.admin.call('resetConfiguration', { name, clusterid: id });
  await lab?.release();
}, LAB_TIMEOUT_MS);

const generate = async () => objectOf(await lab.admin.call('generateClusterDrsPlan', { id })) as unknown as Plan;
const listed = async (plan: Plan) =>
  itemsOf(await lab.admin.call('listClusterDrsPlan', { id: plan.id }))[0] as unknown as Plan;

describe('a crowded host', () => {
  it(
    'is relieved although worker, agent and libvirtd are killed; then nothing is left to do',
    { timeout: TIMEOUT_MS },
    async () => {
      const plan = await generate();
      expect(plan.migrations).toHaveLength(2);
      expect(plan.imbalanceafter).toBeLessThan(plan.imbalancebefore);
      for (const move of plan.migrations) expect(move.sourcehostid).toBe(lab.hostId(CROWDED));
      const { jobid } = await lab.admin.call('executeClusterDrsPlan', { id, planid: plan.id });
      await eventually('a move is under way', () =>
        Promise.resolve(guests.some(({ vm }) => lab.witness.copies(vm.id).length > 1)),
      );
      const crashes = [lab.crash(CROWDED, 'durastack-agent'), lab.crash(CROWDED, 'libvirtd'), lab.crashWorker()];
      await Promise.all(crashes);
      expect(await lab.admin.waitForJob(String(jobid))).toMatchObject({ jobstatus: 1 });
      expect(await listed(plan)).toMatchObject({ status: 'COMPLETED' });
      const places = [];
      for (const { vm, nonce } of guests) places.push(await expectInOnePlace(lab, vm, nonce));
      expect(new Set(places)).toEqual(new Set(lab.hosts));
      expect((await generate()).migrations).toEqual([]);
    },
  );
});
