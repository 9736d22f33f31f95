import { OS_TYPES } from '@durastack/contracts/compute/os-types';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';
import { generateSshKey, parsePublicKey } from './public-key.js';

type Row = Record<string, unknown>;

let t: TestApi;
let alice: TestAccount;
let place: Place;
let belongings: Belongings;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  alice = await t.account('alice');
  belongings = await makeBelongings(t, place, alice);
});
afterAll(() => t.stop());

const errorOf = async (command: string, params: Record<string, string>, keys = t.admin) =>
  String((await t.call(command, params, keys)).body['errortext'] ?? '');

describe('virtual machines', () => {
  it('are listed with everything that clients read', async () => {
    const [vm] = await t.ok<Row[]>('listVirtualMachines', { id: belongings.vmId });
    expect(vm).toMatchObject({
      state: 'Running',
      account: 'alice',
      domain: 'ROOT',
      username: 'alice',
      templateid: belongings.templateId,
      serviceofferingname: 'Tiny Instance',
      cpunumber: 1,
      memory: 128,
      ipaddress: '10.9.0.10',
      jobid: belongings.operationId,
      jobstatus: 0,
      hostid: place.hostId,
      nic: [
        {
          networkid: belongings.networkId,
          ipaddress: '10.9.0.10',
          netmask: '255.255.255.0',
          gateway: '10.9.0.1',
          isdefault: true,
          deviceid: '0',
        },
      ],
      tags: [{ key: 'env', value: 'prod' }],
      securitygroup: [],
      affinitygroup: [],
    });
    const [own] = await t.ok<Row[]>('listVirtualMachines', {}, alice.keys);
    expect(own).not.toHaveProperty('hostid');
    expect(own).not.toHaveProperty('instancename');
  });

  const searches: [what: string, params: () => Record<string, string>, found: number][] = [
    ['keyword', () => ({ keyword: 'vm-' }), 1],
    ['a keyword with wildcards of SQL', () => ({ keyword: '%' }), 0],
    ['state', () => ({ state: 'running' }), 1],
    ['another state', () => ({ state: 'Stopped' }), 0],
    ['what is not destroyed', () => ({ state: 'Present' }), 1],
    ['network', () => ({ networkid: belongings.networkId }), 1],
    ['host', () => ({ hostid: place.hostId }), 1],
    ['cluster', () => ({ clusterid: place.clusterId }), 1],
    ['pool', () => ({ storageid: place.poolId }), 1],
    ['template', () => ({ templateid: belongings.templateId }), 1],
    ['another zone', () => ({ zoneid: belongings.templateId }), 0],
    ['hypervisor', () => ({ hypervisor: 'Simulator' }), 1],
    ['group', () => ({ group: 'group' }), 1],
    ['account', () => ({ account: 'alice', domainid: alice.domainId }), 1],
    ['an account that does not exist', () => ({ account: 'nobody', domainid: alice.domainId }), 0],
    ['no HA', () => ({ haenable: 'false' }), 1],
    ['a page past the end', () => ({ page: '7', pagesize: '10' }), 0],
  ];
  it.each(searches)('are found by %s', async (_what, params, found) => {
    const { body } = await t.call('listVirtualMachines', { listall: 'true', ...params() });
    expect(((body['virtualmachine'] ?? []) as Row[]).length).toBe(found);
  });

  it('refuse pages that are too large', async () => {
    expect(await errorOf('listVirtualMachines', { pagesize: '501' })).toContain('The page size 501 is out of range');
  });

  it('can be renamed for people at any time, for steps only while no operation runs', async () => {
    const { vmId: id } = belongings;
    expect(await t.ok('updateVirtualMachine', { id, displayname: 'Web', group: '' }, alice.keys)).toMatchObject({
      displayname: 'Web',
    });
    expect(await errorOf('updateVirtualMachine', { id, name: 'web-1' }, alice.keys)).toContain(
      `The operation ${belongings.operationId} holds`,
    );
    await t.db.source.query('UPDATE virtual_machine SET operation_id = NULL WHERE id = ?', [id]);
    expect(await t.ok('updateVirtualMachine', { id, name: 'web-1', userdata: 'aGk=' }, alice.keys)).toMatchObject({
      name: 'web-1',
    });
    expect(await errorOf('updateVirtualMachine', { id, name: '-bad-' }, alice.keys)).toContain('no host name');
    const [row] = (await t.db.source.query('SELECT user_data_sealed FROM virtual_machine WHERE id = ?', [id])) as {
      user_data_sealed: string;
    }[];
    expect(t.api.platform.secrets.open(row?.user_data_sealed ?? '', `virtual-machine:${id}`)).toBe('aGk=');
  });

  it('are as important as their offering says, or as their owner says below it', async () => {
    const { vmId: id } = belongings;
    const priorityAfter = async (params: Record<string, string>, keys = alice.keys) => {
      await t.ok('updateVirtualMachine', { id, ...params }, keys);
      return (await t.ok<Row[]>('listVirtualMachines', { id }))[0]?.['hapriority'];
    };
    expect(await priorityAfter({})).toBe(5);
    expect(await priorityAfter({ hapriority: '3' })).toBe(3);
    expect(await errorOf('updateVirtualMachine', { id, hapriority: '6' }, alice.keys)).toContain(
      'only the root administrator may give one more',
    );
    expect(await priorityAfter({ hapriority: '9' }, t.admin)).toBe(9);
    for (const hapriority of ['11', '-1', 'high', '2.5'])
      expect(await errorOf('updateVirtualMachine', { id, hapriority }), hapriority).toContain('hapriority');
  });

  it('that were destroyed can be recovered, others not', async () => {
    const { vmId: id, volumeId } = belongings;
    expect(await errorOf('recoverVirtualMachine', { id }, alice.keys)).toContain('is Running');
    await t.db.source.query("UPDATE virtual_machine SET state = 'Destroyed' WHERE id = ?", [id]);
    await t.db.source.query("UPDATE volume SET state = 'Destroy' WHERE id = ?", [volumeId]);
    expect(await t.ok('recoverVirtualMachine', { id }, alice.keys)).toMatchObject({ state: 'Stopped' });
    expect(await t.ok('listVolumes', { virtualmachineid: id }, alice.keys)).toMatchObject([
      { state: 'Ready', vmstate: 'Stopped' },
    ]);
  });
});

describe('SSH key pairs', () => {
  it('are generated, and the private half is shown once', async () => {
    const made = await t.ok<Record<string, string>>('createSSHKeyPair', { name: 'mine' }, alice.keys);
    expect(made['privatekey']).toContain('BEGIN RSA PRIVATE KEY');
    expect(made['fingerprint']).toMatch(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/);
    expect(await t.ok('listSSHKeyPairs', { name: 'mine' }, alice.keys)).toEqual([
      {
        id: made['id'],
        name: 'mine',
        fingerprint: made['fingerprint'],
        account: 'alice',
        domainid: alice.domainId,
        domain: 'ROOT',
      },
    ]);
    expect(await errorOf('createSSHKeyPair', { name: 'mine' }, alice.keys)).toBe(
      "A key pair with name 'mine' already exists.",
    );
  });

  it('are registered from OpenSSH format, also encoded once more', async () => {
    const { line, fingerprint } = await generateSshKey('me@example.org');
    expect(await t.ok('registerSSHKeyPair', { name: 'plain', publickey: line }, alice.keys)).toMatchObject({
      fingerprint,
    });
    const encoded = Buffer.from(line).toString('base64');
    expect(await t.ok('registerSSHKeyPair', { name: 'encoded', publickey: encoded }, alice.keys)).toMatchObject({
      fingerprint,
    });
    expect(await errorOf('registerSSHKeyPair', { name: 'bad', publickey: 'ssh-rsa rubbish' }, alice.keys)).toContain(
      'OpenSSH format',
    );
  });

  it('are refused when they are not whole', async () => {
    const [type = '', body = ''] = (await generateSshKey('me')).line.split(' ');
    const blob = Buffer.from(body, 'base64');
    // Within its number, between two fields, within a length, and with something behind it.
    const cuts = [
      blob.subarray(0, 200),
      blob.subarray(0, 18),
      blob.subarray(0, 20),
      Buffer.concat([blob, Buffer.alloc(4)]),
    ];
    for (const cut of cuts) {
      const publickey = `${type} ${cut.toString('base64')} me`;
      const { status, body: reply } = await t.call('registerSSHKeyPair', { name: 'cut', publickey }, alice.keys);
      expect([status, reply['errortext']]).toEqual([431, expect.stringContaining('not a whole ssh-rsa key')]);
    }
    expect((await t.call('listSSHKeyPairs', { name: 'cut' }, alice.keys)).body).toEqual({});
  });

  it('are removed by name', async () => {
    expect((await t.call('deleteSSHKeyPair', { name: 'plain' }, alice.keys)).body).toEqual({ success: 'true' });
    expect(await errorOf('deleteSSHKeyPair', { name: 'plain' }, alice.keys)).toContain('does not exist');
    expect(await errorOf('deleteSSHKeyPair', { name: 'mine', account: 'admin' }, alice.keys)).toContain(
      'no account admin',
    );
  });

  it('refuse a body of another type than the name says', () => {
    expect(() => parsePublicKey(`ssh-ed25519 ${Buffer.from('\0\0\0\x07ssh-rsa').toString('base64')}`)).toThrow(
      'OpenSSH',
    );
  });
});

describe('offerings', () => {
  it('are created, changed, and withdrawn without taking them from those who use them', async () => {
    const made = await t.ok('createServiceOffering', {
      name: 'Big',
      cpunumber: '4',
      cpuspeed: '2000',
      memory: '8192',
      hosttags: 'ssd',
    });
    expect(made).toMatchObject({ cpunumber: 4, memory: 8192, displaytext: 'Big', hosttags: 'ssd' });
    const id = String(made['id']);
    expect(await t.ok('updateServiceOffering', { id, displaytext: 'Bigger', hosttags: '' })).not.toHaveProperty(
      'hosttags',
    );
    await t.ok('deleteServiceOffering', { id });
    expect((await t.call('listServiceOfferings', { id })).body).toEqual({});
    expect((await t.call('deleteServiceOffering', { id })).status).toBe(431);
  });

  it('of disks have a size, or are customized', async () => {
    expect(await errorOf('createDiskOffering', { name: 'D' })).toContain('Give disksize');
    const made = await t.ok('createDiskOffering', { name: 'D', disksize: '7', tags: 'ssd' });
    expect(made).toMatchObject({ disksize: 7, iscustomized: false, tags: 'ssd' });
    expect(await t.ok('createDiskOffering', { name: 'Free', customized: 'true' })).toMatchObject({
      disksize: 0,
      iscustomized: true,
    });
    await t.ok('deleteDiskOffering', { id: String(made['id']) });
  });
});

describe('storage and images', () => {
  it('pools are disabled and enabled again', async () => {
    const id = place.poolId;
    expect(await t.ok('updateStoragePool', { id, enabled: 'false', tags: 'a,b', name: 'renamed' })).toMatchObject({
      state: 'Disabled',
      tags: 'a,b',
      name: 'renamed',
    });
    expect(await t.ok('updateStoragePool', { id, enabled: 'true' })).toMatchObject({ state: 'Up' });
  });

  it('image stores are directories', async () => {
    const add = { provider: 'NFS', zoneid: place.zoneId };
    const made = await t.ok('addImageStore', { ...add, url: 'file:///srv/more/', name: 'more' });
    expect(made).toMatchObject({ url: 'file:///srv/more', protocol: 'file', zonename: expect.any(String) as string });
    expect(await errorOf('addImageStore', { ...add, url: 'nfs://a/b' })).toContain('no absolute directory');
    expect(await errorOf('addImageStore', { ...add, url: 'file:///srv/../etc' })).toContain('no absolute directory');
    expect(await errorOf('deleteImageStore', { id: place.storeId })).toContain('remove its 2 templates and ISOs first');
    await t.ok('deleteImageStore', { id: String(made['id']) });
    expect(await t.ok('addImageStore', { ...add, url: '/srv/more', name: 'more' })).toMatchObject({ name: 'more' });
  });

  it.each([
    ['featured', 0],
    ['community', 0],
    ['self', 1],
    ['executable', 1],
    ['all', 1],
  ])('templates are filtered by %s', async (templatefilter, found) => {
    const { body } = await t.call('listTemplates', { templatefilter }, alice.keys);
    expect(((body['template'] ?? []) as Row[]).length).toBe(found);
  });

  it('public templates and shared networks are seen by all, and tell no more than they must', async () => {
    const bob = await t.account('bob');
    expect((await t.call('listTemplates', { templatefilter: 'executable' }, bob.keys)).body).toEqual({});
    await t.db.source.query('UPDATE template SET is_public = 1 WHERE id = ?', [belongings.templateId]);
    await t.db.source.query("UPDATE network SET acl = 'all' WHERE id = ?", [belongings.networkId]);
    const [template] = await t.ok<Row[]>('listTemplates', { templatefilter: 'executable' }, bob.keys);
    expect(template).toMatchObject({ isready: true, status: 'Download Complete' });
    expect(template).not.toHaveProperty('url');
    expect(await t.ok('listNetworks', {}, bob.keys)).toMatchObject([
      { type: 'Shared', netmask: '255.255.255.0', canusefordeploy: true },
    ]);
  });
});

describe('constants', () => {
  it('are searched like any other list', async () => {
    const [debian] = await t.ok<Row[]>('listOsTypes', { keyword: 'debian gnu/linux 12' });
    expect(debian).toMatchObject({ description: 'Debian GNU/Linux 12 (64-bit)', oscategoryname: 'Debian' });
    expect(await t.ok('listOsTypes', { id: String(debian?.['id']) })).toHaveLength(1);
    const page = await t.call('listOsTypes', { page: '2', pagesize: '5' });
    expect([page.body['count'], (page.body['ostype'] as Row[]).length]).toEqual([OS_TYPES.length, 5]);
    expect(await t.ok('listNetworkOfferings', { guestiptype: 'shared', supportedservices: 'Dhcp' })).toHaveLength(2);
    expect((await t.call('listOsTypes', { keyword: 'no such system' })).body).toEqual({});
  });
});
