/** Balancing on real hosts: guests go on counting while a plan moves them, whoever is killed in the middle. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, itemsOf, objectOf } from '../support/basis.js';
import type { Plan } from '../drs/drs-cluster.js';
import { crashWorker } from './control-plane.js';
import { expectInOnePlace } from './one-place.js';
import { LAB_TIMEOUT_MS, useLab, type LabFixture, type LabVm } from './use-lab.js';

const TIMEOUT_MS = 300_000;
const CROWDED = 'host-1';
/** The state of a job that succeeded. */
const MOVED = 1;
// Hosts of a lab share the memory of one machine, so what their guests use is a small part of what each measures: none is tolerated.
const SETTINGS = { 'drs.algorithm': 'balanced', 'drs.imbalance': '1' };

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

/** Carries a plan out, and does the worst while a machine is on its way. @returns how the moves ended, as job states */
async function execute(plan: Plan, worst: () => Promise<unknown>) {
  const { jobid } = await lab.admin.call('executeClusterDrsPlan', { id, planid: plan.id });
  await eventually('a move is under way', () =>
    Promise.resolve(guests.some(({ vm }) => lab.witness.copies(vm.id).length > 1)),
  );
  await worst();
  expect(await lab.admin.waitForJob(String(jobid))).toMatchObject({ jobstatus: 1 });
  const ended = await listed(plan);
  expect(ended).toMatchObject({ status: 'COMPLETED' });
  return ended.migrations.map(({ jobstatus }) => jobstatus);
}

/** Every guest runs once, in the boot that it was in. @returns on which hosts */
async function places(): Promise<Set<string>> {
  const found = [];
  for (const { vm, nonce } of guests) found.push(await expectInOnePlace(lab, vm, nonce));
  return new Set(found);
}

describe('a crowded host', () => {
  it('whose agent and libvirtd are killed keeps its guests, or has moved them', { timeout: TIMEOUT_MS }, async () => {
    const plan = await generate();
    expect(plan.migrations, JSON.stringify(plan)).toHaveLength(2);
    expect(plan.imbalanceafter).toBeLessThan(plan.imbalancebefore);
    for (const move of plan.migrations) expect(move.sourcehostid).toBe(lab.hostId(CROWDED));
    const ends = await execute(plan, () =>
      Promise.all([lab.crash(CROWDED, 'durastack-agent'), lab.crash(CROWDED, 'libvirtd')]),
    );
    expect((await places()).size).toBe(1 + ends.filter((end) => end === MOVED).length);
  });

  it('is relieved although the worker is killed; then nothing is left to do', { timeout: TIMEOUT_MS }, async () => {
    for (const { vm } of guests)
      if ((await lab.hostOf(vm)) !== CROWDED)
        await lab.admin.callAndWait('migrateVirtualMachine', {
          virtualmachineid: vm.id,
          hostid: lab.hostId(CROWDED),
        });
    const ends = await execute(await generate(), () => crashWorker(lab));
    expect(ends).toEqual([MOVED, MOVED]);
    expect(await places()).toEqual(new Set(lab.hosts));
    expect((await generate()).migrations).toEqual([]);
  });
});
