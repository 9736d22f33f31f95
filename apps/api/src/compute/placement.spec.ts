/** Affinity groups, where machines could migrate to, and what a failed deploy says. */
import { newId } from '@durastack/kit/ids/new-id';
import { autocommit } from '@durastack/store/database/transaction';
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
  alice = await t.account('alice');
  bob = await t.account('bob');
  own = await makeBelongings(t, place, alice);
});
afterAll(() => t.stop());

const execute = (statement: string, values: readonly unknown[]) =>
  autocommit(t.db.source).execute(statement, [...values]);
const errorOf = async (command: string, params: Record<string, string>, keys = alice.keys) => {
  const { status, body } = await t.call(command, params, keys);
  return `${status} ${String(body['errortext'])}`;
};
const jobResult = async (jobid: unknown, keys = alice.keys) =>
  (await t.call('queryAsyncJobResult', { jobid: String(jobid) }, keys)).body['jobresult'] as Record<string, Row>;

let number = 0;
async function aGroup(type = 'host anti-affinity', keys = alice.keys): Promise<string> {
  const { body } = await t.call('createAffinityGroup', { name: `group-${(number += 1)}`, type }, keys);
  return String(body['id']);
}

describe('affinity groups', () => {
  it('are created as a job that says the group, and listed with their machines', async () => {
    const { body } = await t.call(
      'createAffinityGroup',
      { name: 'web', type: 'Host Anti-Affinity', description: 'apart' },
      alice.keys,
    );
    expect((await jobResult(body['jobid']))['affinitygroup']).toMatchObject({
      ...{ id: body['id'], name: 'web', type: 'host anti-affinity', description: 'apart', account: 'alice' },
      virtualmachineIds: [],
    });
    await execute("UPDATE virtual_machine SET state = 'Stopped', host_id = NULL WHERE id = ?", [own.vmId]);
    await t.call('updateVMAffinityGroup', { id: own.vmId, affinitygroupids: String(body['id']) }, alice.keys);
    const [group] = await t.ok<Row[]>('listAffinityGroups', { virtualmachineid: own.vmId }, alice.keys);
    expect(group).toMatchObject({ name: 'web', virtualmachineIds: [own.vmId] });
    const [vm] = await t.ok<Row[]>('listVirtualMachines', { id: own.vmId }, alice.keys);
    expect(vm).toMatchObject({ affinitygroup: [{ name: 'web', type: 'host anti-affinity', description: 'apart' }] });
    const inGroup = async (affinitygroupid: string) =>
      (await t.call('listVirtualMachines', { affinitygroupid }, alice.keys)).body['count'];
    expect([await inGroup(String(body['id'])), await inGroup(newId())]).toEqual([1, undefined]);
  });

  it('are found by name, type and keyword; their types too', async () => {
    const find = (params: Record<string, string>) => t.ok<Row[]>('listAffinityGroups', params, alice.keys);
    expect(await find({ name: 'web' })).toHaveLength(1);
    expect(await find({ keyword: 'apar' })).toHaveLength(1);
    expect(await find({ type: 'host affinity' })).toEqual({});
    expect(await t.ok('listAffinityGroupTypes', { keyword: 'non-strict' }, alice.keys)).toEqual([
      { type: 'non-strict host affinity' },
      { type: 'non-strict host anti-affinity' },
    ]);
  });

  it("are the account's own: others neither see nor use them", async () => {
    const id = await aGroup();
    expect((await t.call('listAffinityGroups', { id }, bob.keys)).body).toEqual({});
    expect(await errorOf('deleteAffinityGroup', { id }, bob.keys)).toContain('entity does not exist');
    const others = await aGroup('host affinity', bob.keys);
    expect(await errorOf('updateVMAffinityGroup', { id: own.vmId, affinitygroupids: others })).toContain(
      'entity does not exist',
    );
    expect(await errorOf('updateVMAffinityGroup', { id: own.vmId }, bob.keys)).toContain('entity does not exist');
  });

  it('can be made for an account by its administrators alone', async () => {
    const params = { name: 'for-bob', type: 'host affinity', account: 'bob', domainid: bob.domainId };
    expect(await errorOf('createAffinityGroup', params)).toContain('There is no account bob');
    expect((await t.call('createAffinityGroup', params)).status).toBe(200);
    expect((await t.call('listAffinityGroups', { name: 'for-bob' }, bob.keys)).body['count']).toBe(1);
  });

  it('are deleted by id or name, their machines stay', async () => {
    const id = await aGroup();
    await t.call('updateVMAffinityGroup', { id: own.vmId, affinitygroupids: id }, alice.keys);
    await t.ok('deleteAffinityGroup', { id }, alice.keys);
    const [vm] = await t.ok<Row[]>('listVirtualMachines', { id: own.vmId }, alice.keys);
    expect(vm?.['affinitygroup']).toEqual([]);
    await aGroup();
    await t.ok('deleteAffinityGroup', { name: `group-${number}` }, alice.keys);
    expect((await t.call('listAffinityGroups', { name: `group-${number}` }, alice.keys)).body).toEqual({});
  });

  const bad: [what: string, command: string, params: () => Record<string, string>, text: string][] = [
    ['no name', 'createAffinityGroup', () => ({ type: 'host affinity' }), '431'],
    ['an unknown type', 'createAffinityGroup', () => ({ name: 'x', type: 'ExplicitDedication' }), '431'],
    [
      'a name twice',
      'createAffinityGroup',
      () => ({ name: 'web', type: 'host affinity' }),
      'has an affinity group web',
    ],
    ['a name that is too long', 'createAffinityGroup', () => ({ name: 'x'.repeat(256), type: 'host affinity' }), '431'],
    ['neither id nor name', 'deleteAffinityGroup', () => ({}), 'one of the two'],
    ['both id and name', 'deleteAffinityGroup', () => ({ id: newId(), name: 'web' }), 'one of the two'],
    ['an unknown name', 'deleteAffinityGroup', () => ({ name: "' OR 1=1 --" }), 'entity does not exist'],
    [
      'ids and names',
      'updateVMAffinityGroup',
      () => ({ id: own.vmId, affinitygroupids: newId(), affinitygroupnames: 'web' }),
      'not both',
    ],
    [
      'an unknown group name',
      'updateVMAffinityGroup',
      () => ({ id: own.vmId, affinitygroupnames: 'web,nothing' }),
      'value=nothing',
    ],
    [
      'too many groups',
      'updateVMAffinityGroup',
      () => ({ id: own.vmId, affinitygroupids: Array.from({ length: 17 }, () => newId()).join(',') }),
      '16 affinity groups at most; 17',
    ],
    ['no UUID', 'updateVMAffinityGroup', () => ({ id: own.vmId, affinitygroupids: '1' }), '431'],
  ];
  it.each(bad)('refuse %s', async (_what, command, params, text) =>
    expect(await errorOf(command, params())).toContain(text),
  );

  it('keep those of a machine when a change is refused, and leave all when none is named', async () => {
    const id = await aGroup();
    await t.ok('updateVMAffinityGroup', { id: own.vmId, affinitygroupids: id }, alice.keys);
    await errorOf('updateVMAffinityGroup', { id: own.vmId, affinitygroupids: newId() });
    const count = async () =>
      (await t.call('listAffinityGroups', { virtualmachineid: own.vmId }, alice.keys)).body['count'];
    expect(await count()).toBe(1);
    const { body } = await t.call('updateVMAffinityGroup', { id: own.vmId }, alice.keys);
    expect((await jobResult(body['jobid']))['virtualmachine']).toMatchObject({ id: own.vmId, affinitygroup: [] });
    expect(await count()).toBeUndefined();
  });

  it.each(['Running', 'Starting', 'Stopping', 'Migrating', 'Destroyed', 'Error'])(
    'are not changed of a machine that is %s',
    async (state) => {
      await execute('UPDATE virtual_machine SET state = ? WHERE id = ?', [state, own.vmId]);
      expect(await errorOf('updateVMAffinityGroup', { id: own.vmId })).toContain(`is ${state}; its affinity groups`);
    },
  );

  it('take machines as they are deployed', async () => {
    const id = await aGroup();
    const [offering] = await t.ok<Row[]>('listServiceOfferings', {});
    const deploy = (more: Record<string, string>) =>
      t.call(
        'deployVirtualMachine',
        {
          ...{ zoneid: place.zoneId, templateid: own.templateId, serviceofferingid: String(offering?.['id']) },
          ...{ networkids: own.networkId, startvm: 'false', ...more },
        },
        alice.keys,
      );
    const { body } = await deploy({ affinitygroupids: id });
    const [vm] = await t.ok<Row[]>('listVirtualMachines', { id: String(body['id']) }, alice.keys);
    expect(vm?.['affinitygroup']).toMatchObject([{ id }]);
    expect((await deploy({ affinitygroupnames: 'nothing' })).status).toBe(431);
    const foreign = await aGroup('host affinity', bob.keys);
    expect((await deploy({ affinitygroupids: foreign })).status).toBe(431);
    expect((await deploy({ affinitygroupids: id, affinitygroupnames: 'web' })).status).toBe(431);
  });
});

describe('findHostsForMigration', () => {
  const hostIds: Record<string, string> = {};
  beforeAll(async () => {
    await execute("UPDATE virtual_machine SET state = 'Running', host_id = ? WHERE id = ?", [place.hostId, own.vmId]);
    const states: Record<string, Row> = {
      roomy: {},
      small: { memory_mib: 4_096 },
      full: { memory_mib_reserved: 15_360 },
      down: { state: 'Disconnected', cpu_mhz_reserved: 64_000 },
      resting: { allocation_state: 'Maintenance' },
      apart: { cluster_id: newId() },
    };
    for (const [name, change] of Object.entries(states)) {
      const id = (hostIds[name] = newId());
      await execute(
        `INSERT INTO host (id, name, zone_id, pod_id, cluster_id, hypervisor, state, allocation_state, cpu_count, cpu_mhz, memory_mib, created_at)
         SELECT ?, ?, zone_id, pod_id, cluster_id, hypervisor, 'Up', 'Enabled', cpu_count, cpu_mhz, memory_mib, NOW(3) FROM host WHERE id = ?`,
        [id, name, place.hostId],
      );
      for (const [column, value] of Object.entries(change))
        await execute(`UPDATE host SET ${column} = ? WHERE id = ?`, [value, id]);
    }
  });

  const find = async (params: Record<string, string> = {}) =>
    (await t.call('findHostsForMigration', { virtualmachineid: own.vmId, ...params })).body as {
      count?: number;
      host?: (Row & { unsuitablereasons: Row[] })[];
    };

  it('gives suitable hosts first, and for all others every reason', async () => {
    const { count, host = [] } = await find();
    expect(count).toBe(6);
    expect(host.map(({ name }) => name).slice(0, 2)).toEqual(['roomy', 'small']);
    const said = host.map(({ name, suitableformigration, unsuitablereasons }) => [
      ...[name, suitableformigration],
      unsuitablereasons.map(({ kind }) => kind),
    ]);
    expect(said).toEqual(
      expect.arrayContaining([
        ['roomy', true, []],
        ['full', false, ['memory']],
        ['down', false, ['state', 'cpu']],
        ['resting', false, ['maintenance']],
        ['apart', false, ['storage']],
      ]),
    );
    expect(host[0]).toMatchObject({ zoneid: place.zoneId, requiresStorageMotion: false, hypervisor: 'Simulator' });
    const full = host.find(({ name }) => name === 'full');
    expect(full?.unsuitablereasons).toEqual([
      { kind: 'memory', text: 'has 0 MiB of memory free, 128 needed', need: 128, free: 0 },
    ]);
  });

  it('says where storage would have to move', async () => {
    const poolId = newId();
    await execute(
      `INSERT INTO storage_pool (id, name, zone_id, kind, scope, path, state, allocation_state, capacity_bytes, created_at)
       VALUES (?, 'everywhere', ?, 'shared-mount-point', 'ZONE', '/everywhere', 'Up', 'Enabled', 1000000000000, NOW(3))`,
      [poolId, place.zoneId],
    );
    const { host = [] } = await find();
    expect(host.map(({ name }) => name).slice(0, 3)).toEqual(['roomy', 'small', 'apart']);
    expect(host[2]).toMatchObject({ suitableformigration: true, requiresStorageMotion: true });
  });

  it('is paged, and narrowed by a keyword', async () => {
    const second = await find({ page: '2', pagesize: '2' });
    expect([second.count, second.host?.length, second.host?.[0]?.['name']]).toEqual([6, 2, 'apart']);
    expect((await find({ keyword: 'SMAL' })).host?.map(({ name }) => name)).toEqual(['small']);
    expect(await find({ keyword: '%' })).toEqual({});
    expect((await find({ page: '9', pagesize: '5' })).count).toBe(6);
  });

  it('respects affinity groups and dedication', async () => {
    const group = await aGroup('host anti-affinity');
    const other = await makeBelongings(t, place, alice);
    await execute('UPDATE virtual_machine SET host_id = ? WHERE id = ?', [hostIds['roomy'], other.vmId]);
    for (const vmId of [own.vmId, other.vmId])
      await execute('INSERT INTO affinity_group_member (group_id, vm_id, created_at) VALUES (?, ?, NOW(3))', [
        group,
        vmId,
      ]);
    await t.call('dedicateHost', { hostid: hostIds['small'] ?? '', domainid: bob.domainId, account: 'bob' });
    const { host = [] } = await find();
    const reasons = Object.fromEntries(
      host.map(({ name, unsuitablereasons }) => [name, unsuitablereasons[0]?.['kind']]),
    );
    expect(reasons).toMatchObject({ roomy: 'anti-affinity', small: 'dedication' });
  });

  it('is a resource of REST as well, page after page', async () => {
    const names: unknown[] = [];
    const path = `/api/v1/virtual-machines/${own.vmId}/migration-hosts?limit=4`;
    let url = path;
    for (let pages = 0; url !== '' && pages < 5; pages += 1) {
      const reply = await t.api.server.inject({
        url,
        headers: { authorization: `Bearer ${t.admin.apiKey}:${t.admin.secretKey}` },
      });
      const page = reply.json<{ items: Row[]; nextCursor?: string }>();
      names.push(...page.items.map(({ name }) => name));
      url = page.nextCursor === undefined ? '' : `${path}&cursor=${page.nextCursor}`;
    }
    expect([names.length, new Set(names).size]).toEqual([6, 6]);
  });

  it.each([
    ['no machine', () => ({ virtualmachineid: '' }), '431'],
    ['an unknown machine', () => ({ virtualmachineid: newId() }), 'entity does not exist'],
    ['no UUID', () => ({ virtualmachineid: "1' OR '1'='1" }), '431'],
    ['a page that is too large', () => ({ pagesize: '501' }), 'out of range'],
  ])('refuses %s', async (_what, params, text) =>
    expect(await errorOf('findHostsForMigration', { virtualmachineid: own.vmId, ...params() }, t.admin)).toContain(
      text,
    ),
  );

  it.each(['Stopped', 'Starting', 'Error'])('refuses a machine that is %s', async (state) => {
    await execute('UPDATE virtual_machine SET state = ? WHERE id = ?', [state, own.vmId]);
    expect(await errorOf('findHostsForMigration', { virtualmachineid: own.vmId }, t.admin)).toContain(`is ${state}`);
  });
});

describe('an operation that found no host', () => {
  it('shows administrators every reason, and tenants the sentence alone', async () => {
    const placement = {
      ...{ hostCount: 1, counts: { memory: 1 } },
      hosts: [{ id: newId(), name: 'h', reasons: [{ kind: 'memory', text: 'has 1 MiB', need: 2, free: 1 }] }],
    };
    await execute(
      "UPDATE operation SET state = 'failed', error_code = 'NO_CAPACITY', error_message = 'No host.', explanation_json = ? WHERE id = ?",
      [JSON.stringify(placement), own.operationId],
    );
    const errorFor = async ({ apiKey, secretKey }: TestApi['admin']) => {
      const url = `/api/v1/operations/${own.operationId}`;
      const reply = await t.api.server.inject({ url, headers: { authorization: `Bearer ${apiKey}:${secretKey}` } });
      return reply.json<{ error: Row }>().error;
    };
    expect(await errorFor(t.admin)).toEqual({ code: 'NO_CAPACITY', message: 'No host.', placement });
    expect(await errorFor(alice.keys)).toEqual({ code: 'NO_CAPACITY', message: 'No host.' });
  });
});
