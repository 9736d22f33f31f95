/** Service offerings that leave the size of a machine open. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let alice: TestAccount;
let bob: TestAccount;
let place: Place;
let own: Belongings;
let bound: string;
let open: string;
let tiny: string;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  [alice, bob] = [await t.account('alice'), await t.account('bob')];
  own = await makeBelongings(t, place, alice);
  await t.db.source.query('UPDATE template SET is_public = 1');
  await t.db.source.query("UPDATE network SET acl = 'all'");
  const bounds = { mincpunumber: '2', maxcpunumber: '4', minmemory: '256', maxmemory: '1024' };
  bound = String((await create({ name: 'Bound', customized: 'true', cpuspeed: '1000', ...bounds }))['id']);
  open = String((await create({ name: 'Open', customized: 'true' }))['id']);
  tiny = String((await t.ok<Row[]>('listServiceOfferings', { name: 'Tiny Instance' }))[0]?.['id']);
});
afterAll(() => t.stop());

const create = (params: Record<string, string>) => t.ok<Row>('createServiceOffering', params);
const errorOf = async (command: string, params: Record<string, string>, keys = alice.keys) =>
  String((await t.call(command, params, keys)).body['errortext'] ?? '');
const sized = (cpuNumber: string, memory: string) => ({
  'details[0].cpuNumber': cpuNumber,
  'details[0].memory': memory,
});
const vmOf = async (id: string, keys = alice.keys) => (await t.ok<Row[]>('listVirtualMachines', { id }, keys))[0];
const deploy = (serviceofferingid: string, details: Record<string, string>) => ({
  ...{ zoneid: place.zoneId, templateid: own.templateId, networkids: own.networkId },
  ...{ serviceofferingid, ...details },
});

describe('an offering without a size', () => {
  it('shows its bounds, and no size but what is fixed', async () => {
    const found = (await t.ok<Row[]>('listServiceOfferings', { id: bound }, alice.keys))[0];
    expect(found).toMatchObject({
      ...{ iscustomized: true, cpuspeed: 1_000 },
      serviceofferingdetails: { mincpunumber: '2', maxcpunumber: '4', minmemory: '256', maxmemory: '1024' },
    });
    for (const field of ['cpunumber', 'memory']) expect(found).not.toHaveProperty(field);
    const any = (await t.ok<Row[]>('listServiceOfferings', { id: open }))[0];
    expect(any).toMatchObject({ iscustomized: true });
    for (const field of ['cpuspeed', 'serviceofferingdetails']) expect(any).not.toHaveProperty(field);
    expect((await t.ok<Row[]>('listServiceOfferings', { id: tiny }))[0]).toMatchObject({ iscustomized: false });
  });

  it.each([
    [{}, 'or customized=true'],
    [{ cpunumber: '1', memory: '512' }, 'or customized=true'],
    [{ cpunumber: '1', cpuspeed: '500', memory: '512', maxmemory: '1024' }, 'its size is fixed'],
    [{ customized: 'true', cpunumber: '1' }, 'leave cpunumber and memory out'],
    [{ customized: 'true', mincpunumber: '3', maxcpunumber: '2' }, 'mincpunumber (3) is more than maxcpunumber (2)'],
    [{ customized: 'true', minmemory: '2048', maxmemory: '1024' }, 'minmemory (2048) is more than maxmemory (1024)'],
    [{ customized: 'true', maxcpunumber: '0' }, 'maxcpunumber'],
    [{ customized: 'true', maxmemory: 'much' }, 'maxmemory'],
  ])('is refused with %j', async (params, why) => {
    expect(
      await errorOf('createServiceOffering', { name: 'Bad', ...params } as Record<string, string>, t.admin),
    ).toContain(why);
    expect((await t.call('listServiceOfferings', { name: 'Bad' })).body).toEqual({});
  });
});

describe('a machine', () => {
  it('of it has the size that its deploy chose, and keeps other details', async () => {
    const chosen = { ...sized('3', '512'), 'details[0].purpose': 'web' };
    const { id } = await t.ok<Row>('deployVirtualMachine', deploy(bound, chosen), alice.keys);
    expect(await vmOf(String(id))).toMatchObject({
      ...{ cpunumber: 3, cpuspeed: 1_000, memory: 512, serviceofferingid: bound, details: { purpose: 'web' } },
    });
    const all = { ...sized('1', '64'), 'details[0].cpuSpeed': '700' };
    const other = await t.ok<Row>('deployVirtualMachine', deploy(open, all), alice.keys);
    expect(await vmOf(String(other['id']))).toMatchObject({ cpunumber: 1, cpuspeed: 700, memory: 64 });
  });

  it.each([
    [() => bound, {}, 'leaves cpuNumber open: give it in details, a whole number from 2 to 4'],
    [() => bound, sized('5', '512'), 'from 2 to 4'],
    [() => bound, sized('2', '128'), 'leaves memory open: give it in details, a whole number from 256 to 1024'],
    [() => bound, { ...sized('2', '512'), 'details[0].cpuSpeed': '2000' }, 'have a cpuSpeed of 1000'],
    [() => open, sized('2', '512'), 'leaves cpuSpeed open'],
    [() => tiny, sized('2', '512'), 'have a cpuNumber of 1'],
  ])('is not deployed with what %s does not offer: %j', async (offering, details, why) => {
    const before = await t.db.source.query('SELECT id FROM virtual_machine');
    expect(await errorOf('deployVirtualMachine', deploy(offering(), details as Record<string, string>))).toContain(why);
    expect(await t.db.source.query('SELECT id FROM virtual_machine')).toEqual(before);
  });

  it('counts with its size, deployed or grown', async () => {
    const { networkId } = await makeBelongings(t, place, bob);
    const limited = { account: 'bob', domainid: bob.domainId, resourcetype: '9' };
    await t.ok('updateResourceLimit', { ...limited, max: '700' });
    const ask = (memory: string) => ({ ...deploy(bound, sized('2', memory)), networkids: networkId });
    expect(await errorOf('deployVirtualMachine', ask('1024'), bob.keys)).toContain('memory');
    const { id } = await t.ok<Row>('deployVirtualMachine', ask('512'), bob.keys);
    await t.db.source.query("UPDATE virtual_machine SET state = 'Stopped', operation_id = NULL WHERE id = ?", [id]);
    await t.db.source.query('DELETE FROM operation_lock');
    const change = (memory: string) => ({ id: String(id), serviceofferingid: bound, ...sized('2', memory) });
    expect(await errorOf('changeServiceForVirtualMachine', change('1000'), bob.keys)).toContain('memory');
    expect(await t.ok('changeServiceForVirtualMachine', change('300'), bob.keys)).toMatchObject({ memory: 300 });
  });

  it('takes another size of the same offering, or a fixed one', async () => {
    await t.db.source.query("UPDATE virtual_machine SET state = 'Stopped', operation_id = NULL WHERE id = ?", [
      own.vmId,
    ]);
    const change = (serviceofferingid: string, details = {}) => ({ id: own.vmId, serviceofferingid, ...details });
    const changed = (...to: Parameters<typeof change>) =>
      t.ok<Row>('changeServiceForVirtualMachine', change(...to), alice.keys);
    expect(await changed(bound, sized('2', '256'))).toMatchObject({ cpunumber: 2, cpuspeed: 1_000, memory: 256 });
    const offered = await t.ok<Row[]>('listServiceOfferings', { virtualmachineid: own.vmId }, alice.keys);
    expect(
      offered.map(({ id }) => id),
      'its own: another size',
    ).toContain(bound);
    expect(await changed(bound, sized('4', '1024'))).toMatchObject({ cpunumber: 4, memory: 1_024 });
    for (const command of ['changeServiceForVirtualMachine', 'scaleVirtualMachine']) {
      expect(await errorOf(command, change(bound))).toContain('leaves cpuNumber open');
      expect(await errorOf(command, change(bound, sized('9', '512')))).toContain('from 2 to 4');
    }
    expect(await vmOf(own.vmId)).toMatchObject({ cpunumber: 4, memory: 1_024 });
    const said = { id: own.vmId, 'details[0].memory': '512' };
    expect(await errorOf('updateVirtualMachine', said), 'an update').toContain('scaleVirtualMachine');
    expect(await changed(tiny)).toMatchObject({ cpunumber: 1, serviceofferingid: tiny });
    const left = await t.ok<Row[]>('listServiceOfferings', { virtualmachineid: own.vmId }, alice.keys);
    expect(left.map(({ id }) => id)).not.toContain(tiny);
  });
});
