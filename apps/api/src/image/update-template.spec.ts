/** What can be changed of templates, and what machines' interfaces are listed as. */
import { OS_TYPES } from '@durastack/contracts/compute/os-types';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let alice: TestAccount;
let bob: TestAccount;
let own: Belongings;
let place: Place;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  alice = await t.account('alice');
  bob = await t.account('bob');
  own = await makeBelongings(t, place, alice);
});
afterAll(() => t.stop());

const ABSENT = '00000000-0000-4000-8000-000000000000';
const errorOf = async (command: string, params: Record<string, string>, keys = alice.keys) =>
  String((await t.call(command, params, keys)).body['errortext'] ?? '');

describe('updateTemplate', () => {
  it('changes what a template is called and known as', async () => {
    const ostypeid = OS_TYPES.at(-1)?.id ?? '';
    const params = { id: own.templateId, name: 'new', displaytext: 'newer', ostypeid, isdynamicallyscalable: 'true' };
    expect(await t.ok('updateTemplate', params, alice.keys)).toMatchObject({ ...params, isdynamicallyscalable: true });
    expect(await t.ok('updateTemplate', { id: own.templateId }, alice.keys), 'nothing').toMatchObject({ name: 'new' });
  });

  it('says whether guests take passwords, which their machines show', async () => {
    const shown = async () => [
      (await t.ok<Row[]>('listTemplates', { templatefilter: 'self', id: own.templateId }, alice.keys))[0]?.[
        'passwordenabled'
      ],
      (await t.ok<Row[]>('listVirtualMachines', { id: own.vmId }, alice.keys))[0]?.['passwordenabled'],
    ];
    for (const passwordenabled of [true, false]) {
      const params = { id: own.templateId, passwordenabled: String(passwordenabled) };
      expect(await t.ok('updateTemplate', params, alice.keys)).toMatchObject({ passwordenabled });
      expect(await t.ok('updateTemplate', { id: own.templateId }, alice.keys)).toMatchObject({ passwordenabled });
      expect(await shown()).toEqual([passwordenabled, passwordenabled]);
    }
    const image = { name: 'p', url: 'http://192.0.2.9/p.qcow2', format: 'QCOW2', hypervisor: 'KVM' };
    const given = { ...image, zoneid: place.zoneId, passwordenabled: 'true' };
    expect((await t.call('registerTemplate', given, alice.keys)).body).toMatchObject({
      template: [{ name: 'p', passwordenabled: true }],
    });
  });

  it('refuses what is unknown, and what is not the own', async () => {
    expect(await errorOf('updateTemplate', { id: own.templateId, ostypeid: ABSENT })).toContain('no OS type');
    expect(await errorOf('updateTemplate', { id: own.templateId, name: '' })).toContain('name');
    await t.db.source.query('UPDATE template SET is_public = 1 WHERE id = ?', [own.templateId]);
    const theft = { id: own.templateId, name: 'mine' };
    expect(await errorOf('updateTemplate', theft, bob.keys), 'usable, not changeable').toContain('does not exist');
    expect(await errorOf('updateTemplate', { id: ABSENT })).toContain('does not exist');
  });
});

describe('listNics', () => {
  it('lists the interfaces of a machine, to those who see it', async () => {
    const virtualmachineid = own.vmId;
    for (const keys of [alice.keys, t.admin]) {
      const found = await t.ok<Row[]>('listNics', { virtualmachineid }, keys);
      expect(found).toMatchObject([
        {
          ...{ virtualmachineid, networkid: own.networkId, ipaddress: '10.9.0.10', netmask: '255.255.255.0' },
          ...{ gateway: '10.9.0.1', isdefault: true, traffictype: 'Guest', type: 'Shared' },
        },
      ]);
      const [nic] = found;
      const chosen = { virtualmachineid, nicid: String(nic?.['id']), networkid: own.networkId };
      expect(await t.ok('listNics', chosen, keys)).toHaveLength(1);
      expect((await t.call('listNics', { virtualmachineid, networkid: ABSENT }, keys)).body).toEqual({});
    }
    expect(await errorOf('listNics', { virtualmachineid }, bob.keys)).toContain('does not exist');
    expect(await errorOf('listNics', {})).toContain('virtualmachineid');
  });
});
