/** What people write on things: details and annotations. */
import { transaction } from '@durastack/store/database/transaction';
import { forgetDescriptions } from '@durastack/store/identity/described';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let place: Place;
let alice: TestAccount;
let bob: TestAccount;
let dora: TestAccount;
let own: Belongings;
beforeAll(async () => {
  t = await startTestApi();
  const acme = await t.ok<{ id: string }>('createDomain', { name: 'acme' });
  place = await makePlace(t);
  alice = await t.account('alice', { domainId: acme.id });
  bob = await t.account('bob', { domainId: acme.id });
  dora = await t.account('dora', { domainId: acme.id, accountType: 2 });
  own = await makeBelongings(t, place, alice);
});
afterAll(() => t.stop());

const errorOf = async (command: string, params: Record<string, string>, keys = t.admin) => {
  const { status, body } = await t.call(command, params, keys);
  return `${status} ${String(body['errortext'] ?? '')}`;
};
const detail = (key: string, value: string) => ({ 'details[0].key': key, 'details[0].value': value });

describe('details', () => {
  const machine = () => ({ resourcetype: 'UserVm', resourceid: own.vmId });
  const listed = async (params: Record<string, string>, keys = t.admin) => {
    const { body } = await t.call('listResourceDetails', { resourcetype: 'UserVm', listall: 'true', ...params }, keys);
    const found = (body['resourcedetail'] ?? []) as Row[];
    expect(body['count'] ?? 0).toBe(found.length);
    return Object.fromEntries(found.map(({ key, value }) => [key, value]));
  };

  it('are put on things, changed, listed, shown with them and taken off', async () => {
    const jobid = await t.ok<string>('addResourceDetail', { ...machine(), ...detail('shape', 'round') });
    expect(await t.ok('queryAsyncJobResult', { jobid })).toMatchObject({ jobstatus: 1 });
    await t.ok('addResourceDetail', { ...machine(), ...detail('shape', 'square') });
    expect(await listed(machine())).toEqual({ color: 'blue', shape: 'square' });
    expect(await listed({ key: 'shape' })).toEqual({ shape: 'square' });
    expect(await listed({ value: 'blue' })).toEqual({ color: 'blue' });
    const [vm] = await t.ok<Row[]>('listVirtualMachines', { id: own.vmId }, alice.keys);
    expect(vm?.['details']).toEqual({ color: 'blue', shape: 'square' });
    await t.ok('removeResourceDetail', { ...machine(), key: 'shape' });
    await t.ok('removeResourceDetail', { ...machine(), key: 'shape' });
    expect(await listed(machine())).toEqual({ color: 'blue' });
    const [item] = await t.ok<Row[]>('listResourceDetails', machine(), alice.keys);
    expect(item).toMatchObject({ account: 'alice', domain: 'acme', resourcetype: 'UserVm', resourceid: own.vmId });
  });

  it('that are not for display are seen by root alone', async () => {
    await t.ok('addResourceDetail', { ...machine(), ...detail('rack', '7'), fordisplay: 'false' });
    expect(await listed({ ...machine(), fordisplay: 'false' })).toEqual({ rack: '7' });
    for (const { keys } of [alice, dora]) {
      expect(await listed(machine(), keys)).toEqual({ color: 'blue' });
      expect(await listed({ ...machine(), fordisplay: 'false' }, keys)).toEqual({});
    }
    const [vm] = await t.ok<Row[]>('listVirtualMachines', { id: own.vmId });
    expect(vm?.['details']).toEqual({ color: 'blue' });
    await t.ok('removeResourceDetail', { ...machine(), key: 'rack' });
  });

  it('have names of any kind: none means something, to whoever may touch the thing', async () => {
    const options = async (params: Record<string, string>, keys = alice.keys) =>
      (await t.call('listDetailOptions', params, keys)).body;
    const none = { detailoptions: { details: {} } };
    expect(await options({ resourcetype: 'uservm' })).toEqual(none);
    expect(await options(machine())).toEqual(none);
    expect(await options({ resourcetype: 'Zone', resourceid: place.zoneId }, t.admin)).toEqual(none);
    for (const [params, keys] of [
      [machine(), bob.keys],
      [{ resourcetype: 'Zone', resourceid: place.zoneId }, dora.keys],
    ] as const)
      expect(await errorOf('listDetailOptions', params, keys)).toContain('431 Invalid parameter resourceid value=');
    expect(await errorOf('listDetailOptions', { resourcetype: 'Nothing' })).toContain('there is no Nothing');
  });

  it("of others' things are not seen, those of the cloud by root alone", async () => {
    expect(await listed({}, bob.keys)).toEqual({});
    expect(await listed(machine(), bob.keys)).toEqual({});
    const zone = { resourcetype: 'zone', resourceid: place.zoneId };
    await t.ok('addResourceDetail', { ...zone, ...detail('floor', '2') });
    expect(await listed(zone)).toEqual({ floor: '2' });
    for (const { keys } of [alice, dora]) expect(await listed(zone, keys)).toEqual({});
    await t.ok('removeResourceDetail', zone);
    expect(await listed(zone)).toEqual({});
  });

  it('are refused without a name, of unknown kinds and of what is not there', async () => {
    expect(await errorOf('addResourceDetail', { ...machine(), ...detail('', 'x') })).toContain('each with a name');
    expect(await errorOf('addResourceDetail', { ...machine(), resourcetype: 'Moon', ...detail('a', 'x') })).toMatch(
      /^431 resourcetype: there is no Moon; give one of UserVm/,
    );
    for (const resourcetype of ['UserVm', 'Zone', 'Storage'])
      expect(
        await errorOf('addResourceDetail', { resourcetype, resourceid: place.hostId, ...detail('a', 'x') }),
      ).toMatch(/^431 Invalid parameter resourceid/);
    expect(await errorOf('addResourceDetail', { ...machine(), ...detail('a', 'x') }, alice.keys)).toMatch(/^432/);
  });

  it('come with a deploy', async () => {
    await t.db.source.query('UPDATE template SET is_public = 1 WHERE id = ?', [own.templateId]);
    const [offering] = await t.ok<Row[]>('listServiceOfferings', { name: 'Tiny Instance' });
    const { id } = await t.ok<Row>('deployVirtualMachine', {
      ...{ zoneid: place.zoneId, templateid: own.templateId, serviceofferingid: String(offering?.['id']) },
      ...{ account: 'alice', domainid: alice.domainId, networkids: own.networkId },
      ...detail('purpose', 'spec'),
    });
    const [vm] = await t.ok<Row[]>('listVirtualMachines', { id: String(id) }, alice.keys);
    expect(vm?.['details']).toEqual({ purpose: 'spec' });
  });

  it('of a machine are replaced by its owner, but for those that are not for display', async () => {
    const update = async (params: Record<string, string>) =>
      (await t.ok<Row>('updateVirtualMachine', { id: own.vmId, ...params }, alice.keys))['details'];
    await t.ok('addResourceDetail', { ...machine(), ...detail('rack', '7'), fordisplay: 'false' });
    expect(await update({ 'details[0].shape': 'round', 'details[0].rack': '8' })).toEqual({ shape: 'round' });
    expect(await listed({ ...machine(), fordisplay: 'false' })).toEqual({ rack: '7' });
    expect(await update({ displayname: 'x' }), 'nothing said of them').toEqual({ shape: 'round' });
    expect(await update(detail('size', 'small')), 'in place of those').toEqual({ size: 'small' });
    const nameless = { id: own.vmId, displayname: 'y', ...detail('', 'x') };
    expect(await errorOf('updateVirtualMachine', nameless, alice.keys)).toContain('each with a name');
    expect(await update({})).toEqual({ size: 'small' });
    expect((await update({ cleanupdetails: 'true' })) ?? {}).toEqual({});
    expect(await listed({ ...machine(), fordisplay: 'false' })).toEqual({ rack: '7' });
  });
});

describe('annotations', () => {
  const about = () => ({ entitytype: 'VM', entityid: own.vmId });
  const texts = async (keys = t.admin, params: Record<string, string> = {}) => {
    const { body } = await t.call('listAnnotations', params, keys);
    return ((body['annotation'] ?? []) as Row[]).map(({ annotation }) => annotation);
  };

  it('are written by who may touch the thing, and read by the same', async () => {
    const made = await t.ok<Row>('addAnnotation', { ...about(), annotation: 'slow on Mondays' }, alice.keys);
    expect(made).toMatchObject({
      ...{ annotation: 'slow on Mondays', entityid: own.vmId, entitytype: 'VM', entityname: expect.any(String) },
      ...{ username: 'alice', userid: alice.userId, adminsonly: false },
    });
    expect(await texts(alice.keys)).toEqual(['A comment', 'slow on Mondays']);
    expect(await texts(dora.keys, about())).toEqual(['A comment', 'slow on Mondays']);
    expect(await texts(bob.keys)).toEqual([]);
    expect(await texts(bob.keys, { id: String(made['id']) })).toEqual([]);
    await t.ok('addAnnotation', { ...about(), annotation: 'indeed' }, dora.keys);
    expect(await texts(dora.keys, { annotationfilter: 'self' })).toEqual(['indeed']);
    expect(await texts(t.admin, { userid: alice.userId, keyword: 'monday' })).toEqual(['slow on Mondays']);
    expect(await texts(t.admin, { entitytype: 'VOLUME' })).toEqual([]);
  });

  it('for administrators are seen by root alone, until shown', async () => {
    const made = await t.ok<Row>('addAnnotation', { ...about(), annotation: 'watch', adminsonly: 'true' });
    const id = String(made['id']);
    for (const { keys } of [alice, dora]) {
      expect(await texts(keys)).not.toContain('watch');
      expect(await errorOf('removeAnnotation', { id }, keys)).toMatch(/^431 Invalid parameter id/);
    }
    expect(await texts()).toContain('watch');
    expect(await t.ok('updateAnnotationVisibility', { id, adminsonly: 'false' })).toMatchObject({ adminsonly: false });
    expect(await texts(alice.keys)).toContain('watch');
    expect(await errorOf('removeAnnotation', { id }, alice.keys)).toMatch(/^432 Only who wrote/);
    expect(await t.ok('removeAnnotation', { id })).toMatchObject({ annotation: 'watch' });
    expect(await texts()).not.toContain('watch');
  });

  it('are on hosts and zones for root alone', async () => {
    const host = { entitytype: 'HOST', entityid: place.hostId };
    await t.ok('addAnnotation', { ...host, annotation: 'fan is loud' });
    expect(await texts(t.admin, host)).toEqual(['fan is loud']);
    for (const { keys } of [alice, dora]) {
      expect(await texts(keys, host)).toEqual([]);
      expect(await errorOf('addAnnotation', { ...host, annotation: 'x' }, keys)).toMatch(
        /^431 Invalid parameter entityid/,
      );
    }
  });

  it('are refused when empty, on unknown kinds, and for administrators by others', async () => {
    expect(await errorOf('addAnnotation', { ...about(), annotation: ' ' })).toContain('annotation is empty');
    expect(await errorOf('addAnnotation', { entitytype: 'MOON', entityid: own.vmId, annotation: 'x' })).toMatch(
      /^431 entitytype: there is no MOON; give one of VM/,
    );
    expect(await errorOf('addAnnotation', { ...about(), annotation: 'x', adminsonly: 'true' }, dora.keys)).toMatch(
      /^431 adminsonly/,
    );
  });

  it('go with what they are on', async () => {
    await transaction(t.db.source, (tx) => forgetDescriptions(tx, { type: 'virtual-machine', id: own.vmId }));
    expect(await texts(alice.keys)).toEqual([]);
    await t.ok('addAnnotation', { entitytype: 'NETWORK', entityid: own.networkId, annotation: 'old' }, alice.keys);
    await t.db.source.query("UPDATE network SET state = 'Removed' WHERE id = ?", [own.networkId]);
    expect(await texts(alice.keys)).toEqual([]);
    expect(await errorOf('addAnnotation', { entitytype: 'NETWORK', entityid: own.networkId, annotation: 'x' })).toMatch(
      /^431 Invalid parameter entityid/,
    );
  });
});
