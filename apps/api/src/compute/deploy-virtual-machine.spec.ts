/** Acceptance of deploys: rows, addresses, secrets and refusals. What becomes of them is the worker's. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Started = { id: string; jobid: string };

let t: TestApi;
let alice: TestAccount;
let place: Place;
let belongings: Belongings;
let offering: string;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  alice = await t.account('alice');
  belongings = await makeBelongings(t, place, alice);
  const [tiny] = await t.ok<{ id: string }[]>('listServiceOfferings', { name: 'Tiny Instance' });
  offering = tiny?.id ?? '';
});
afterAll(() => t.stop());

const request = (more: Record<string, string> = {}) => ({
  zoneid: place.zoneId,
  serviceofferingid: offering,
  templateid: belongings.templateId,
  networkids: belongings.networkId,
  ...more,
});
const deploy = (more?: Record<string, string>, account = alice) =>
  t.ok<Started>('deployVirtualMachine', request(more), account.keys);
const refusal = async (more: Record<string, string>, account = alice) =>
  String((await t.call('deployVirtualMachine', request(more), account.keys)).body['errortext']);

describe('deployVirtualMachine', () => {
  it('answers id and job at once, and the machine is listed', async () => {
    const { id, jobid } = await deploy({
      name: 'web-1',
      displayname: 'Web',
      group: 'web',
      'tags[0].key': 'a',
      'tags[0].value': 'b',
    });
    expect(await t.ok('queryAsyncJobResult', { jobid }, alice.keys)).toMatchObject({
      jobstatus: 0,
      jobinstanceid: id,
      cmd: 'deployVirtualMachine',
    });
    const [vm] = await t.ok<Record<string, unknown>[]>('listVirtualMachines', { id }, alice.keys);
    expect(vm).toMatchObject({
      name: 'web-1',
      displayname: 'Web',
      group: 'web',
      state: 'Starting',
      nic: [{ networkid: belongings.networkId }],
      tags: [{ key: 'a', value: 'b' }],
    });
    expect(await t.ok('listVolumes', { virtualmachineid: id }, alice.keys)).toMatchObject([
      { type: 'ROOT', state: 'Allocated' },
    ]);
  });

  it('seals user data', async () => {
    const userdata = Buffer.from('#cloud-config\npassword: hunter2\n').toString('base64');
    const { id, jobid } = await deploy({ userdata });
    const rows = JSON.stringify(
      await t.db.source.query('SELECT v.*, o.* FROM virtual_machine v, operation o WHERE v.id = ? AND o.id = ?', [
        id,
        jobid,
      ]),
    );
    expect(rows).not.toContain(userdata);
    expect(rows).not.toContain('hunter2');
  });

  it('takes 32 at a time: no deadlock reaches a client, no address is given twice', async () => {
    const started = await Promise.all(Array.from({ length: 32 }, () => deploy()));
    const ids = started.map(({ id }) => id);
    const nics = (await t.db.source.query('SELECT DISTINCT ip FROM nic WHERE vm_id IN (?)', [ids])) as unknown[];
    expect(nics).toHaveLength(32);
  });

  // Outside the range that others are given from, so none of the deploys above has it.
  it('gives an address that is asked for, once', async () => {
    const { id } = await deploy({ ipaddress: '10.9.0.200' });
    expect(await t.ok('listVirtualMachines', { id }, alice.keys)).toMatchObject([{ ipaddress: '10.9.0.200' }]);
    expect(await refusal({ ipaddress: '10.9.0.200' })).toContain('10.9.0.200 is taken');
    expect(await refusal({ ipaddress: '192.0.2.1' })).toContain('cannot be given');
  });

  it('finds the last free address of a network, and says when there is none', async () => {
    const { networkId: networkids } = await makeBelongings(t, place, alice);
    await t.db.source.query("UPDATE network SET start_ip = '10.9.0.10', end_ip = '10.9.0.11' WHERE id = ?", [
      networkids,
    ]);
    const { id } = await deploy({ networkids });
    expect(await t.ok('listVirtualMachines', { id }, alice.keys)).toMatchObject([{ ipaddress: '10.9.0.11' }]);
    expect(await refusal({ networkids })).toContain('no free address');
  });

  it('refuses what belongs to another, and leaves nothing behind', async () => {
    const bob = await t.account('bob');
    expect(await refusal({}, bob)).toContain(`Invalid parameter networkids value=${belongings.networkId}`);
    await t.db.source.query("UPDATE network SET acl = 'all' WHERE id = ?", [belongings.networkId]);
    expect(await refusal({}, bob)).toContain(`Invalid parameter templateid value=${belongings.templateId}`);
    await t.db.source.query('UPDATE template SET is_public = 1 WHERE id = ?', [belongings.templateId]);
    expect(await refusal({ hostid: place.hostId }, bob)).toContain('Only the root administrator');
    expect((await t.call('listVirtualMachines', {}, bob.keys)).body).toEqual({});
    const [left] = (await t.db.source.query('SELECT COUNT(*) AS n FROM operation WHERE account_id = ?', [bob.id])) as {
      n: number;
    }[];
    expect(Number(left?.n)).toBe(0);
  });

  it.each([
    ['a name that is no host name', { name: 'no spaces' }, 'no host name'],
    ['user data that is not base64', { userdata: 'ä' }, 'not base64'],
    ['a key pair that does not exist', { keypair: 'nope' }, 'nope'],
    [
      'an offering that does not exist',
      { serviceofferingid: '01a1fc86-72bc-7c03-94ec-ea3be35ab18f' },
      'Invalid parameter serviceofferingid',
    ],
  ])('refuses %s', async (_what, more, message) => {
    expect(await refusal(more as Record<string, string>)).toContain(message);
  });
});
