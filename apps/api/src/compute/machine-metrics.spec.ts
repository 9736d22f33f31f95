/** What machines have and use, in lists. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let alice: TestAccount;
let bob: TestAccount;
let place: Place;
let own: Belongings;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  [alice, bob] = [await t.account('alice'), await t.account('bob')];
  own = await makeBelongings(t, place, alice);
  await t.db.source.query(
    "UPDATE virtual_machine SET state = 'Running', host_id = ?, cpu_count = 2, cpu_mhz = 750, memory_mib = 640 WHERE id = ?",
    [place.hostId, own.vmId],
  );
  await t.db.source.query('UPDATE host SET cpu_mhz = 2000 WHERE id = ?', [place.hostId]);
});
afterAll(() => t.stop());

/** What the host says that the machine used, so many minutes ago. */
const measured = (minutes: number) =>
  t.db.source.query(
    `REPLACE INTO host_usage (host_id, measured_at, cpu_mhz, memory_mib, machines_json)
     VALUES (?, NOW(3) - INTERVAL ? MINUTE, 900, 1000, ?)`,
    [place.hostId, minutes, JSON.stringify([[own.vmId, 500, 300]])],
  );
const metrics = async (params: Record<string, string> = {}, keys = alice.keys) =>
  (await t.call('listVirtualMachinesMetrics', params, keys)).body;

describe('listVirtualMachinesMetrics', () => {
  it('lists as listVirtualMachines does, with what machines have', async () => {
    const [plain] = await t.ok<Row[]>('listVirtualMachines', { id: own.vmId }, alice.keys);
    const has = { cputotal: '1.5 Ghz', memorytotal: '0.63 GiB', memorytargetkbs: 640 * 1_024 };
    expect(await metrics()).toEqual({ count: 1, virtualmachine: [{ ...plain, ...has }] });
    expect(await metrics({ listall: 'true' }, bob.keys)).toEqual({});
    expect(await metrics({ state: 'Stopped' })).toEqual({});
    expect(await metrics({ page: '2', pagesize: '1' })).toMatchObject({ count: 1 });
  });

  it('says what they used of late, as long as that is new', async () => {
    await measured(1);
    const used = { cpuused: '12.50%', memorykbs: 300 * 1_024 };
    expect(await metrics()).toMatchObject({ virtualmachine: [used] });
    expect(await metrics({ id: own.vmId }, t.admin)).toMatchObject({ virtualmachine: [used] });
    await measured(31);
    const { virtualmachine } = await metrics();
    for (const field of Object.keys(used)) expect((virtualmachine as Row[])[0]).not.toHaveProperty(field);
  });
});
