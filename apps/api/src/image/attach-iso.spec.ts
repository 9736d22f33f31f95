/** ISOs in machines' CD drives: who may put which where. What hosts make of it is in the crash matrix and in the drivers' suites. */
import { newId } from '@durastack/kit/ids/new-id';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let place: Place;
let alice: TestAccount;
let bob: TestAccount;
let own: Belongings;
let foreign: Belongings;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  [alice, bob] = [await t.account('alice'), await t.account('bob')];
  own = await makeBelongings(t, place, alice);
  foreign = await makeBelongings(t, place, bob);
});
afterAll(() => t.stop());

const sql = (statement: string, ...values: unknown[]) => t.db.source.query(statement, values) as Promise<Row[]>;
beforeEach(async () => {
  await sql('DELETE FROM operation_lock');
  await sql("UPDATE virtual_machine SET operation_id = NULL, state = 'Running', iso_id = NULL");
  await sql("UPDATE template SET state = 'Ready', is_public = 0, operation_id = NULL");
});

const put = (vmId: string, isoId: string) => sql('UPDATE virtual_machine SET iso_id = ? WHERE id = ?', isoId, vmId);
const errorOf = async (command: string, params: Record<string, string>, keys = alice.keys) =>
  String((await t.call(command, params, keys)).body['errortext'] ?? '');
const attach = (params: Record<string, string> = {}, keys = alice.keys) =>
  errorOf('attachIso', { id: own.isoId, virtualmachineid: own.vmId, ...params }, keys);
const detach = (params: Record<string, string> = {}) => errorOf('detachIso', { virtualmachineid: own.vmId, ...params });
const missing = (parameter: string, id: string) =>
  `Invalid parameter ${parameter} value=${id} due to incorrect long value format, or entity does not exist`;

describe('attachIso', () => {
  it('takes an ISO of one’s own, one that was granted, and a public one', async () => {
    expect(await attach({ id: foreign.isoId })).toBe(missing('id', foreign.isoId));
    await sql('INSERT INTO template_permission (template_id, account_id) VALUES (?, ?)', foreign.isoId, alice.id);
    expect(await attach({ id: foreign.isoId })).toBe('');
    await sql('DELETE FROM template_permission');
    await sql('DELETE FROM operation_lock');
    await sql('UPDATE template SET is_public = 1 WHERE id = ?', foreign.isoId);
    expect(await attach({ id: foreign.isoId })).toBe('');
    await sql('DELETE FROM operation_lock');
    expect(await attach()).toBe('');
    const [row] = await sql("SELECT input_json FROM operation WHERE kind = 'attachIso' ORDER BY seq DESC LIMIT 1");
    expect(JSON.parse(String(row?.['input_json']))).toEqual({ isoId: own.isoId, forced: false });
  });

  it('refuses what is no ISO, not ready, elsewhere, or not there', async () => {
    for (const id of [own.templateId, newId()]) expect(await attach({ id })).toBe(missing('id', id));
    for (const virtualmachineid of [foreign.vmId, newId()])
      expect(await attach({ virtualmachineid })).toBe(missing('virtualmachineid', virtualmachineid));
    await sql("UPDATE template SET state = 'Downloading' WHERE id = ?", own.isoId);
    expect(await attach()).toContain('is Downloading; wait until it is Ready');
    await sql("UPDATE template SET state = 'Ready', zone_id = ? WHERE id = ?", newId(), own.isoId);
    expect(await attach()).toContain('is not in the zone of');
    await sql('UPDATE template SET zone_id = ? WHERE id = ?', place.zoneId, own.isoId);
    await sql("UPDATE virtual_machine SET state = 'Destroyed'");
    expect(await attach()).toContain('when it is Running or Stopped');
    expect(await sql('SELECT 1 FROM operation_lock')).toEqual([]);
  });

  it('takes the place of another ISO only when it is forced to; the same one is taken again', async () => {
    await put(own.vmId, foreign.isoId);
    expect(await attach()).toContain('detachIso');
    expect(await attach({ forced: 'true' })).toBe('');
    await sql('DELETE FROM operation_lock');
    await put(own.vmId, own.isoId);
    expect(await attach()).toBe('');
  });

  it('is seen on its machine', async () => {
    await put(own.vmId, own.isoId);
    const [vm] = await t.ok<Row[]>('listVirtualMachines', { isoid: own.isoId }, alice.keys);
    expect(vm).toMatchObject({ id: own.vmId, isoid: own.isoId, isodisplaytext: 'An ISO' });
    expect(vm?.['isoname']).toMatch(/^iso-/);
    expect((await t.call('listVirtualMachines', { isoid: foreign.isoId }, alice.keys)).body).toEqual({});
    await sql('UPDATE virtual_machine SET iso_id = NULL');
    const [without] = await t.ok<Row[]>('listVirtualMachines', { id: own.vmId }, alice.keys);
    expect(without).not.toHaveProperty('isoid');
  });
});

describe('detachIso', () => {
  it('takes out what is there, and says when nothing is', async () => {
    expect(await detach()).toBe('The specified VM has no ISO attached to it.');
    expect(await detach({ virtualmachineid: foreign.vmId })).toBe(missing('virtualmachineid', foreign.vmId));
    await put(own.vmId, own.isoId);
    await sql("UPDATE virtual_machine SET state = 'Starting'");
    expect(await detach()).toContain('when it is Running or Stopped');
    await sql("UPDATE virtual_machine SET state = 'Destroyed'");
    expect(await detach({ forced: 'true' })).toBe('');
    // Its removal waits for that.
    expect(await errorOf('deleteIso', { id: own.isoId })).toBe('');
  });
});

describe('deleteIso', () => {
  it('says in which machines the ISO is, as far as the caller may see them', async () => {
    await sql('UPDATE template SET is_public = 1 WHERE id = ?', own.isoId);
    await sql("UPDATE virtual_machine SET name = IF(id = ?, 'mine', 'theirs')", own.vmId);
    await put(own.vmId, own.isoId);
    expect(await errorOf('deleteIso', { id: own.isoId })).toBe(
      'The ISO is in the CD drive of mine; detach it there first (detachIso).',
    );
    await put(foreign.vmId, own.isoId);
    expect(await errorOf('deleteIso', { id: own.isoId })).toContain('of mine, other machines;');
    expect(await errorOf('deleteIso', { id: own.isoId }, t.admin)).toContain('of mine, theirs;');
    expect(await errorOf('deleteIso', { id: own.isoId }, bob.keys)).toBe(missing('id', own.isoId));
  });
});
