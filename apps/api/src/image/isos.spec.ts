/** ISOs are kept as templates are, but neither is the other: lists, changes, removal, deploys. */
import { OS_TYPES } from '@durastack/contracts/compute/os-types';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

const ABSENT = '00000000-0000-4000-8000-000000000000';
let t: TestApi;
let place: Place;
let alice: TestAccount;
let bob: TestAccount;
let own: Belongings;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  alice = await t.account('alice');
  bob = await t.account('bob');
  own = await makeBelongings(t, place, alice);
});
afterAll(() => t.stop());

const errorOf = async (command: string, params: Record<string, string>, keys = alice.keys) =>
  String((await t.call(command, params, keys)).body['errortext'] ?? '');
const idsOf = async (command: string, params: Record<string, string> = {}, keys = alice.keys) => {
  const { body } = await t.call(command, params, keys);
  return ((body['iso'] ?? body['template'] ?? []) as Row[]).map(({ id }) => id);
};
const registered = async (params: Record<string, string> = {}) => {
  const given = { name: 'cd', url: 'http://192.0.2.9/cd.iso', zoneid: place.zoneId, ...params };
  const { status, body } = await t.call('registerIso', given, alice.keys);
  expect(status, String(body['errortext'])).toBe(200);
  const [iso] = body['iso'] as Row[];
  return { count: body['count'], iso: iso ?? {} };
};

describe('registerIso', () => {
  it('answers the ISO at once, in a list', async () => {
    const ostypeid = OS_TYPES.at(-1)?.id ?? '';
    const { count, iso } = await registered({ displaytext: 'A CD', bootable: 'false', ostypeid, checksum: 'ab' });
    expect(count).toBe(1);
    expect(iso).toMatchObject({
      ...{ name: 'cd', displaytext: 'A CD', format: 'ISO', hypervisor: 'None', bootable: false, ostypeid },
      ...{ isready: false, ispublic: false, checksum: 'ab', zoneid: place.zoneId, account: 'alice' },
    });
    expect(iso, 'a secret may stand in it').not.toHaveProperty('url');
    expect((await registered()).iso).toMatchObject({ displaytext: 'cd', bootable: true });
  });

  it('refuses what is wrong, and writes nothing', async () => {
    const before = await idsOf('listIsos', { listall: 'true' }, t.admin);
    const right = { name: 'cd', url: 'http://192.0.2.9/cd.iso', zoneid: place.zoneId };
    expect(await errorOf('registerIso', { ...right, url: 'file:///etc/shadow' })).toContain('no http or https URL');
    expect(await errorOf('registerIso', { ...right, name: '' })).toContain('name');
    expect(await errorOf('registerIso', { ...right, zoneid: ABSENT })).toContain('no image store');
    expect(await errorOf('registerIso', { ...right, zoneid: '' })).toContain('zoneid');
    expect(await errorOf('registerIso', { ...right, account: 'bob', domainid: bob.domainId })).not.toBe('');
    expect(await idsOf('listIsos', { listall: 'true' }, t.admin)).toEqual(before);
  });
});

describe('listIsos', () => {
  it('shows ISOs alone, and templates are shown without them', async () => {
    expect(await idsOf('listIsos', { isofilter: 'self', isready: 'true' })).toEqual([own.isoId]);
    expect(await idsOf('listIsos', { id: own.templateId })).toEqual([]);
    expect(await idsOf('listTemplates', { templatefilter: 'all', id: own.isoId })).toEqual([]);
    expect(await idsOf('listTemplates', { templatefilter: 'self' })).toEqual([own.templateId]);
  });

  it('filters', async () => {
    const { id } = (await registered({ name: 'other', bootable: 'false' })).iso;
    const all = await idsOf('listIsos', { isofilter: 'all' });
    expect(all).toEqual(expect.arrayContaining([own.isoId, id]));
    expect(await idsOf('listIsos', { isofilter: 'selfexecutable' })).toEqual([own.isoId]);
    expect(await idsOf('listIsos', { name: 'other' })).toEqual([id]);
    expect(await idsOf('listIsos', { bootable: 'true' })).not.toContain(id);
    expect(await idsOf('listIsos', { ispublic: 'true' })).toEqual([]);
    expect(await idsOf('listIsos', { zoneid: ABSENT })).toEqual([]);
    expect(await errorOf('listIsos', { isofilter: 'no-such' })).toContain('isofilter');
  });

  it('shows those of others when they are public', async () => {
    expect(await idsOf('listIsos', { isofilter: 'executable' }, bob.keys)).toEqual([]);
    await t.db.source.query('UPDATE template SET is_public = 1 WHERE id = ?', [own.isoId]);
    expect(await idsOf('listIsos', { isofilter: 'executable' }, bob.keys)).toEqual([own.isoId]);
    expect(await errorOf('updateIso', { id: own.isoId, name: 'mine' }, bob.keys)).toContain('does not exist');
    expect(await errorOf('deleteIso', { id: own.isoId }, bob.keys)).toContain('does not exist');
    await t.db.source.query('UPDATE template SET is_public = 0 WHERE id = ?', [own.isoId]);
  });
});

describe('updateIso', () => {
  it('changes what an ISO is called and known as, and its tags', async () => {
    const params = { id: own.isoId, name: 'new', displaytext: 'newer', ostypeid: OS_TYPES.at(-1)?.id ?? '' };
    const changed = await t.ok('updateIso', { ...params, bootable: 'false' }, alice.keys);
    expect(changed).toMatchObject({ ...params, bootable: false });
    const tag = { 'tags[0].key': 'use', 'tags[0].value': 'install' };
    await t.ok('createTags', { resourceids: own.isoId, resourcetype: 'ISO', ...tag }, alice.keys);
    const [iso] = await t.ok<Row[]>('listIsos', { id: own.isoId }, alice.keys);
    expect(iso?.['tags']).toMatchObject([{ key: 'use', value: 'install' }]);
    expect(await errorOf('updateIso', { id: own.isoId, ostypeid: ABSENT })).toContain('no OS type');
  });
});

describe('a template and an ISO', () => {
  it('are not there for commands of the other', async () => {
    for (const command of ['updateTemplate', 'deleteTemplate', 'listTemplatePermissions', 'updateTemplatePermissions'])
      expect(await errorOf(command, { id: own.isoId }), command).toContain('does not exist');
    for (const command of ['updateIso', 'deleteIso'])
      expect(await errorOf(command, { id: own.templateId }), command).toContain('does not exist');
  });

  it('are told apart by deploys', async () => {
    const [offering] = await t.ok<Row[]>('listServiceOfferings', { name: 'Tiny Instance' });
    const params = { zoneid: place.zoneId, templateid: own.isoId, serviceofferingid: String(offering?.['id']) };
    const networkids = own.networkId;
    expect(await errorOf('deployVirtualMachine', { ...params, networkids })).toContain('is an ISO');
    const another = { virtualmachineid: own.vmId, templateid: own.isoId };
    expect(await errorOf('restoreVirtualMachine', another)).toContain('is an ISO');
  });
});

describe('deleteIso', () => {
  it('begins its removal', async () => {
    const { jobid } = (await t.call('deleteIso', { id: own.isoId }, alice.keys)).body;
    expect(jobid).toEqual(expect.any(String));
  });
});
