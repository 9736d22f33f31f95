/** Limits: who sets them, and that they hold whatever comes at once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let place: Place;
let acme: string;
let dora: TestAccount;
let rick: TestAccount;
let made = 0;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  acme = (await t.ok<{ id: string }>('createDomain', { name: 'acme' })).id;
  const rival = await t.ok<{ id: string }>('createDomain', { name: 'rival' });
  dora = await t.account('dora', { domainId: acme, accountType: 2 });
  rick = await t.account('rick', { domainId: rival.id, accountType: 2 });
});
afterAll(() => t.stop());

const errorOf = async (command: string, params: Record<string, string>, keys = t.admin) =>
  String((await t.call(command, params, keys)).body['errortext'] ?? '');
const user = (domainId = acme) => t.account(`user-${(made += 1)}`, { domainId });
const limit = (params: Record<string, string>, keys = t.admin) => t.ok<Row>('updateResourceLimit', params, keys);

/** What a deploy takes; networks have addresses for all of them. */
async function deployParams(owner: TestAccount): Promise<Record<string, string>> {
  const { templateId, networkId } = await makeBelongings(t, place, owner);
  await t.db.source.query('UPDATE template SET is_public = 1 WHERE id = ?', [templateId]);
  const [offering] = await t.ok<{ id: string }[]>('listServiceOfferings', { name: 'Tiny Instance' });
  return {
    ...{ zoneid: place.zoneId, templateid: templateId, networkids: networkId, serviceofferingid: offering?.id ?? '' },
  };
}
async function machinesOf(accountId: string): Promise<number> {
  const rows = (await t.db.source.query('SELECT COUNT(*) AS n FROM virtual_machine WHERE account_id = ?', [
    accountId,
  ])) as Row[];
  return Number(rows[0]?.['n']);
}

describe('limits', () => {
  it('leave exactly as many machines as there may be, of fifty deploys at once', async () => {
    const alice = await user();
    const params = await deployParams(alice);
    await limit({ resourcetype: '0', max: '10', account: alice.name, domainid: acme });
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => t.call('deployVirtualMachine', params, alice.keys)),
    );
    const accepted = replies.filter(({ status }) => status === 200).length;
    expect(await machinesOf(alice.id), 'one was there').toBe(10);
    expect(accepted).toBe(9);
    const refused = replies.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([535]));
    expect(String(refused[0]?.body['errortext'])).toContain("Type = 'user_vm'");
    const counted = await t.ok<Row[]>('updateResourceCount', {
      domainid: acme,
      account: alice.name,
      resourcetype: '0',
    });
    expect(counted).toMatchObject([{ resourcetype: '0', resourcetypename: 'user_vm', resourcecount: 10 }]);
    expect(await t.ok('listAccounts', { id: alice.id })).toMatchObject([
      { vmlimit: '10', vmavailable: '0', vmtotal: 10, volumelimit: 'Unlimited' },
    ]);
  });

  it('hold for a domain with all below it, whichever account it is', async () => {
    const top = await t.ok<{ id: string }>('createDomain', { name: 'top' });
    const below = await t.ok<{ id: string }>('createDomain', { name: 'below', parentdomainid: top.id });
    const [one, two] = [await user(top.id), await user(below.id)];
    const plans = [
      { keys: one.keys, params: await deployParams(one) },
      { keys: two.keys, params: await deployParams(two) },
    ] as const;
    await limit({ resourcetype: '8', max: '5', domainid: top.id });
    const calls = Array.from({ length: 12 }, (_, at) => plans[at % 2 === 0 ? 0 : 1]);
    await Promise.all(calls.map(({ keys, params }) => t.call('deployVirtualMachine', params, keys)));
    expect((await machinesOf(one.id)) + (await machinesOf(two.id)), 'of one processor each').toBe(5);
    expect(await t.ok('updateResourceCount', { domainid: top.id, resourcetype: '8' })).toMatchObject([
      { resourcetypename: 'cpu', resourcecount: 5, domain: 'top' },
    ]);
  });

  it('that nobody set are those of the settings, for accounts, projects and domains', async () => {
    const alice = await user();
    const params = await deployParams(alice);
    const text = () => errorOf('deployVirtualMachine', params, alice.keys);
    const set = (name: string, value: string) => t.ok('updateConfiguration', { name, value });
    await set('max.account.user.vms', '1');
    expect(await text()).toContain(`'user_vm' for account ${alice.name} is exceeded`);
    expect(await t.ok('listResourceLimits', { resourcetype: '0' }, alice.keys)).toMatchObject([{ max: 1 }]);
    expect(await t.ok('listAccounts', { id: alice.id })).toMatchObject([{ vmlimit: '1', vmavailable: '0' }]);
    await limit({ resourcetype: '0', max: '-1', account: alice.name, domainid: acme });
    expect(await text(), 'what is set counts more').toBe('');
    await t.ok('resetConfiguration', { name: 'max.account.user.vms' });
    await set('max.domain.cpus', '1');
    expect(await text()).toContain("'cpu' for domain ROOT/acme is exceeded");
    expect(await t.ok('listResourceLimits', { domainid: acme, resourcetype: '8' })).toMatchObject([{ max: 1 }]);
    await t.ok('resetConfiguration', { name: 'max.domain.cpus' });
    await set('max.project.networks', '0');
    const project = await t.ok<Row>('createProject', { name: `r-${made}` }, alice.keys);
    const projectid = String(project['id']);
    expect(await t.ok('listResourceLimits', { projectid, resourcetype: '6' }, alice.keys)).toMatchObject([{ max: 0 }]);
    await t.ok('resetConfiguration', { name: 'max.project.networks' });
    expect(await text()).toBe('');
  });

  it('that nobody set hold for deploys at once, too', async () => {
    const alice = await user();
    const params = await deployParams(alice);
    await t.ok('updateConfiguration', { name: 'max.account.user.vms', value: '3' });
    await Promise.all(Array.from({ length: 8 }, () => t.call('deployVirtualMachine', params, alice.keys)));
    await t.ok('resetConfiguration', { name: 'max.account.user.vms' });
    expect(await machinesOf(alice.id)).toBe(3);
  });

  it('hold for volumes that grow at once', async () => {
    const alice = await user();
    const [offering] = await t.ok<{ id: string }[]>('listDiskOfferings', { name: 'Custom' });
    const GIB = 1024 ** 3;
    const volumes = await Promise.all(
      ['a', 'b'].map(async (name) => {
        const wanted = { name, size: '1', zoneid: place.zoneId, diskofferingid: offering?.id ?? '' };
        const { body } = await t.call('createVolume', wanted, alice.keys);
        return String(body['id']);
      }),
    );
    // As if they had been made: nothing holds them.
    await t.db.source.query('DELETE l FROM operation_lock l WHERE l.resource_id IN (?)', [volumes]);
    await t.db.source.query("UPDATE operation SET state = 'succeeded' WHERE resource_id IN (?)", [volumes]);
    await t.db.source.query("UPDATE volume SET state = 'Ready', size_bytes = ? WHERE id IN (?)", [GIB, volumes]);
    await limit({ resourcetype: '10', max: '6', account: alice.name, domainid: acme });
    const replies = await Promise.all(volumes.map((id) => t.call('resizeVolume', { id, size: '4' }, alice.keys)));
    expect(replies.filter(({ status }) => status === 535)).toHaveLength(1);
  });

  it('hold for machines that grow at once', async () => {
    const alice = await user();
    const [small] = await t.ok<{ id: string }[]>('listServiceOfferings', { name: 'Small Instance' });
    const params = { ...(await deployParams(alice)), serviceofferingid: small?.id ?? '' };
    const vms = await Promise.all(
      [0, 1].map(async () => String((await t.call('deployVirtualMachine', params, alice.keys)).body['id'])),
    );
    // As if they had been deployed: nothing holds them.
    await t.db.source.query('DELETE l FROM operation_lock l WHERE l.resource_id IN (?)', [vms]);
    await t.db.source.query("UPDATE operation SET state = 'succeeded' WHERE resource_id IN (?)", [vms]);
    await t.db.source.query("UPDATE virtual_machine SET state = 'Stopped' WHERE id IN (?)", [vms]);
    const larger = { name: `L${Date.now()}`, displaytext: '-', cpunumber: '2', cpuspeed: '500', memory: '1024' };
    const { id: serviceofferingid } = await t.ok<{ id: string }>('createServiceOffering', larger);
    const [has] = (await t.db.source.query('SELECT SUM(memory_mib) AS mib FROM virtual_machine WHERE account_id = ?', [
      alice.id,
    ])) as Row[];
    const max = String(Number(has?.['mib']) + 512);
    await limit({ resourcetype: '9', max, account: alice.name, domainid: acme });
    const scale = (id: string) => t.call('scaleVirtualMachine', { id, serviceofferingid }, alice.keys);
    const replies = await Promise.all(vms.map(scale));
    expect(replies.filter(({ status }) => status === 535)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('hold for public addresses', async () => {
    const alice = await user();
    const range = { startip: '192.0.2.10', endip: '192.0.2.19', gateway: '192.0.2.1', netmask: '255.255.255.0' };
    await t.ok('createVlanIpRange', { zoneid: place.zoneId, ...range });
    await limit({ resourcetype: '1', max: '1', account: alice.name, domainid: acme });
    const take = () => t.call('associateIpAddress', { zoneid: place.zoneId }, alice.keys);
    const replies = await Promise.all([take(), take(), take()]);
    expect(replies.filter(({ status }) => status === 535)).toHaveLength(2);
  });

  it.each([
    ['1', '2', 'public_ip'],
    ['2', '1', 'volume'],
    ['9', '100', 'memory'],
    ['10', '0', 'primary_storage'],
  ])('of kind %s are set and held to', async (resourcetype, max, name) => {
    const alice = await user();
    const params = await deployParams(alice);
    const where = { account: alice.name, domainid: acme };
    expect(await limit({ resourcetype, max, ...where })).toMatchObject({ resourcetypename: name, max: Number(max) });
    const text = await errorOf('deployVirtualMachine', params, alice.keys);
    if (name === 'public_ip') expect(text).toBe('');
    else expect(text).toContain(`Type = '${name}'`);
    await limit({ resourcetype, max: '-1', ...where });
    expect(await errorOf('deployVirtualMachine', params, alice.keys)).toBe('');
  });

  it('hold for volumes, projects and the things of projects', async () => {
    const alice = await user();
    await limit({ resourcetype: '5', max: '1', account: alice.name, domainid: acme });
    const made1 = await t.ok<Row>('createProject', { name: `p-${made}` }, alice.keys);
    expect(await errorOf('createProject', { name: `q-${made}` }, alice.keys)).toContain("Type = 'project'");
    const projectid = String(made1['id']);
    await limit({ resourcetype: '2', max: '1', projectid });
    const [offering] = await t.ok<{ id: string }[]>('listDiskOfferings', { name: 'Small' });
    const volume = { name: 'v', zoneid: place.zoneId, diskofferingid: offering?.id ?? '', projectid };
    expect(await errorOf('createVolume', volume, alice.keys)).toBe('');
    expect(await errorOf('createVolume', volume, alice.keys)).toContain("Type = 'volume'");
    expect(await t.ok('listResourceLimits', { projectid, resourcetype: '2' }, alice.keys)).toMatchObject([
      { max: 1, projectid, resourcetype: '2' },
    ]);
  });

  it('are listed kind by kind, seen by their own and set from above', async () => {
    const alice = await user();
    const own = await t.ok<Row[]>('listResourceLimits', {}, alice.keys);
    expect(own).toHaveLength(17);
    expect(own[0]).toMatchObject({ account: alice.name, domain: 'acme', resourcetypename: 'user_vm', max: -1 });
    expect(await t.ok('listResourceLimits', { keyword: 'storage' }, alice.keys)).toHaveLength(4);
    expect(await t.ok('listResourceLimits', { page: '2', pagesize: '10' }, alice.keys)).toHaveLength(7);
    const where = { account: alice.name, domainid: acme };
    expect(await limit({ resourcetype: '6', max: '3', ...where }, dora.keys)).toMatchObject({ max: 3 });
    expect(await t.ok('listResourceLimits', { resourcetypename: 'network' }, alice.keys)).toMatchObject([{ max: 3 }]);
    const raise = { resourcetype: '6', max: '9' };
    expect((await t.call('updateResourceLimit', { ...raise, ...where }, alice.keys)).status).toBe(432);
    expect((await t.call('updateResourceLimit', { ...raise, ...where }, rick.keys)).status).toBe(431);
    for (const params of [{}, { domainid: acme }] as Record<string, string>[]) {
      expect((await t.call('updateResourceLimit', { ...raise, ...params }, dora.keys)).status).toBe(432);
      expect((await t.call('listResourceLimits', params, dora.keys)).status).toBe(200);
    }
    expect(await errorOf('listResourceLimits', { domainid: acme }, rick.keys)).toContain('does not exist');
    expect(await errorOf('listResourceLimits', { domainid: acme }, alice.keys)).toContain('does not exist');
    expect(await errorOf('updateResourceCount', where, rick.keys)).toContain('There is no account');
    expect(await errorOf('updateResourceLimit', { resourcetype: '17', ...where })).toContain('resourcetype');
    expect(await errorOf('updateResourceLimit', { resourcetype: '0', max: '-2', ...where })).toContain('max');
  });
});
