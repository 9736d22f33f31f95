/**
 * A host that is cut off and lives: one of its machines is proven dead and started elsewhere, another one is not. What
 * becomes of it when it reports again in the same boot, and how it comes to be used again.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/basis.js';
import { untilLocksAreProven } from '../support/proven-locks.js';
import { HaCloud } from './ha-cloud.js';

const LIMIT_MS = 180_000;
const LONG_MS = 90_000;

let ha: HaCloud;
beforeAll(async () => {
  ha = await HaCloud.start({ hosts: 3 });
}, LIMIT_MS);
afterAll(() => ha?.stop());

it(
  'loses what is left of the one at once, keeps the other, and is used again when it was emptied and started anew',
  async () => {
    const [cut, , other] = ha.basis.hostIds as [string, string, string];
    const [gone, stays] = [await ha.deploy(cut), await ha.deploy(cut)];
    const there = async () => Object.keys(await ha.machinesOn(cut)).sort();
    await untilLocksAreProven(ha.db, ha.basis);
    await ha.setNetwork(cut, false);
    await ha.cloud.simulate('POST', `/hosts/${cut}/vms/${gone}/power`, { power: 'off' });
    await eventually(
      'it running elsewhere',
      async () => ![cut, undefined].includes(String((await ha.machine(gone))['hostid'] ?? cut)),
      LONG_MS,
    );
    expect(await there()).toEqual([gone, stays].sort());
    expect(await ha.machine(stays)).toMatchObject({ state: 'Running', hostid: cut });
    await ha.setNetwork(cut, true);
    await eventually('its old copy being removed', async () => (await there()).join() === stays, LONG_MS);
    const advice = async () => (await ha.of(cut)).hareason ?? '';
    await eventually('a word of advice', async () => /move away or stop those/.test(await advice()), LONG_MS);
    expect(await ha.machine(stays)).toMatchObject({ state: 'Running', hostid: cut });
    await ha.cloud.admin.callAndWait('migrateVirtualMachine', { virtualmachineid: stays, hostid: other });
    await ha.until(cut, 'Recovering');
    expect(await ha.host(cut)).toMatchObject({ state: 'Down' });
    await ha.setPower(cut, false);
    await ha.setPower(cut, true);
    await ha.until(cut, 'Available');
    expect(await there()).toEqual([]);
    expect(await ha.host(cut)).toMatchObject({ state: 'Up' });
    expect(await ha.inconsistencies()).toEqual([]);
  },
  LIMIT_MS,
);
