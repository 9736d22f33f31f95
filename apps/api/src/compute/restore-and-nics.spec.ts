/** What a machine is not restored from, and which interfaces it is not given. What is done is in the crash matrix. */
import { DEFAULT_OS_TYPE_ID } from '@durastack/contracts/compute/os-types';
import { newId } from '@durastack/kit/ids/new-id';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let place: Place;
let alice: TestAccount;
let own: Belongings;
let second: Belongings;
let foreign: Belongings;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  alice = await t.account('alice');
  own = await makeBelongings(t, place, alice);
  second = await makeBelongings(t, place, alice);
  foreign = await makeBelongings(t, place, await t.account('bob'));
});
afterAll(() => t.stop());

const sql = (statement: string, ...values: unknown[]) => t.db.source.query(statement, values) as Promise<Row[]>;
beforeEach(async () => {
  await sql('DELETE FROM operation_lock');
  await sql("UPDATE virtual_machine SET operation_id = NULL, state = 'Running'");
});

const errorOf = async (command: string, params: Record<string, string>) =>
  String((await t.call(command, { virtualmachineid: own.vmId, ...params }, alice.keys)).body['errortext'] ?? '');
const accepted = async (command: string, params: Record<string, string>): Promise<Record<string, unknown>> => {
  const jobid = await t.ok<string>(command, { virtualmachineid: own.vmId, ...params }, alice.keys);
  const [row] = await sql('SELECT input_json, lifecycle_json FROM operation WHERE id = ?', jobid);
  return { ...(JSON.parse(String(row?.['input_json'])) as Row), lifecycle: row?.['lifecycle_json'] };
};
const nicOf = async (vmId: string) => String((await sql('SELECT id FROM nic WHERE vm_id = ?', vmId))[0]?.['id']);

describe('a root disk', () => {
  it('is made anew as large as it was, or as was asked for', async () => {
    const { volumeId: oldVolumeId, templateId } = own;
    expect(await accepted('restoreVirtualMachine', {})).toMatchObject({
      ...{ oldVolumeId, templateId, oldTemplateId: templateId, sizeBytes: 2000, startVm: true },
      lifecycle: expect.stringContaining('RebootRequested') as string,
    });
    await sql('DELETE FROM operation_lock');
    await sql("UPDATE virtual_machine SET state = 'Stopped' WHERE id = ?", own.vmId);
    const other = { templateid: second.templateId, rootdisksize: '1', expunge: 'true' };
    expect(await accepted('restoreVirtualMachine', other)).toMatchObject({
      ...{ oldVolumeId, templateId: second.templateId, oldTemplateId: templateId, sizeBytes: 2 ** 30, startVm: false },
      lifecycle: '{}',
    });
  });

  it('is not made from what is not there, is too large, or of another hypervisor', async () => {
    const from = (templateid: string, more = {}) => errorOf('restoreVirtualMachine', { templateid, ...more });
    expect(await from(foreign.templateId)).toBe((await from(newId())).replace(/[0-9a-f-]{36}/, foreign.templateId));
    await sql('UPDATE template SET virtual_size_bytes = 3 * 1024 * 1024 * 1024 WHERE id = ?', second.templateId);
    expect(await from(second.templateId, { rootdisksize: '2' })).toContain('smaller than the template');
    await sql("UPDATE template SET hypervisor = 'KVM' WHERE id = ?", second.templateId);
    expect(await from(second.templateId)).toContain('is for KVM');
    await sql("UPDATE template SET state = 'Downloading' WHERE id = ?", second.templateId);
    expect(await from(second.templateId)).toContain('wait until it is Ready');
  });

  it('counts towards the limit of its owner as far as it grows', async () => {
    await t.ok('updateResourceLimit', { account: 'alice', domainid: alice.domainId, resourcetype: '10', max: '1' });
    expect(await errorOf('restoreVirtualMachine', { rootdisksize: '2' })).toContain("Type = 'primary_storage'");
    await accepted('restoreVirtualMachine', {});
    await t.ok('updateResourceLimit', { account: 'alice', domainid: alice.domainId, resourcetype: '10', max: '-1' });
  });

  it('that a restore made or left is shown to nobody', async () => {
    await sql("UPDATE volume SET kind = 'SPARE' WHERE id = ?", second.volumeId);
    expect((await t.call('listVolumes', { id: second.volumeId }, alice.keys)).body).toEqual({});
    for (const command of ['deleteVolume', 'detachVolume', 'updateVolume'])
      expect((await t.call(command, { id: second.volumeId }, alice.keys)).status, command).toBeGreaterThanOrEqual(400);
    await sql("UPDATE volume SET kind = 'ROOT' WHERE id = ?", second.volumeId);
  });
});

describe('an interface', () => {
  it('is on a network that the machine is not on, with a MAC of one machine', async () => {
    const networkid = second.networkId;
    const add = (params: Record<string, string>) => errorOf('addNicToVirtualMachine', { networkid, ...params });
    expect(await add({ networkid: own.networkId })).toContain('A NIC already exists for VM');
    expect(await add({ networkid: foreign.networkId })).toContain('does not exist');
    for (const macaddress of ['01:00:5e:00:00:01', '02:00', '00:00:00:00:00:00', 'x'])
      expect(await add({ macaddress }), macaddress).toContain('no MAC of one machine');
    const [taken] = await sql('SELECT mac FROM nic WHERE vm_id = ?', foreign.vmId);
    expect(await add({ macaddress: String(taken?.['mac']) })).toContain('is taken');
    expect(await add({ ipaddress: '10.9.0.300' })).toContain('ipaddress');
    await sql("UPDATE virtual_machine SET state = 'Destroyed' WHERE id = ?", own.vmId);
    expect(await add({})).toContain('when it is Running or Stopped');
    await sql("UPDATE virtual_machine SET state = 'Running' WHERE id = ?", own.vmId);
    expect(await accepted('addNicToVirtualMachine', { networkid, macaddress: '02-00-5E-00-53-01' })).toMatchObject({
      ...{ networkId: networkid, mac: '02:00:5e:00:53:01' },
    });
  });

  it('is the default one, or can be removed', async () => {
    const [nicid, foreignNic] = [await nicOf(own.vmId), await nicOf(foreign.vmId)];
    expect(await errorOf('removeNicFromVirtualMachine', { nicid })).toContain('is the default one');
    for (const command of ['removeNicFromVirtualMachine', 'updateDefaultNicForVirtualMachine'])
      expect(await errorOf(command, { nicid: foreignNic }), command).toContain('does not exist');
    const added = newId();
    await sql(
      "INSERT INTO nic (id, vm_id, network_id, mac, ip, tap, is_default, created_at) VALUES (?, ?, ?, '02:00:00:00:01:01', '10.9.0.50', 't', 0, NOW(3))",
      ...[added, own.vmId, second.networkId],
    );
    const job = await t.ok<Row>(
      'updateDefaultNicForVirtualMachine',
      { virtualmachineid: own.vmId, nicid: added },
      alice.keys,
    );
    expect(await t.ok('queryAsyncJobResult', { jobid: String(job['jobid']) }, alice.keys)).toMatchObject({
      jobresult: { virtualmachine: { ipaddress: '10.9.0.50' } },
    });
    expect(await accepted('removeNicFromVirtualMachine', { nicid })).toMatchObject({ nicId: nicid });
  });
});

describe('a template of a disk', () => {
  const make = (params: Record<string, string>) =>
    errorOf('createTemplate', { name: 'of-disk', ostypeid: DEFAULT_OS_TYPE_ID, virtualmachineid: '', ...params });

  it('is made of a disk of its own that nothing writes to', async () => {
    expect(await make({})).toContain('Name the disk in volumeid');
    expect(await make({ volumeid: foreign.volumeId })).toContain('does not exist');
    expect(await make({ virtualmachineid: foreign.vmId })).toContain('does not exist');
    expect(await make({ volumeid: own.volumeId })).toContain('when it is Stopped');
    await sql("UPDATE volume SET state = 'Allocated' WHERE id = ?", own.volumeId);
    expect(await make({ virtualmachineid: own.vmId })).toContain('holds nothing yet');
    await sql("UPDATE volume SET state = 'Ready' WHERE id = ?", own.volumeId);
    await sql("UPDATE virtual_machine SET state = 'Stopped' WHERE id = ?", own.vmId);
    const params = { name: 'of-disk', ostypeid: DEFAULT_OS_TYPE_ID, volumeid: own.volumeId };
    const { body } = await t.call('createTemplate', { ...params, isfeatured: 'true' }, alice.keys);
    const [row] = await sql('SELECT * FROM template WHERE id = ?', body['id']);
    expect(row).toMatchObject({ state: 'Downloading', hypervisor: 'Simulator', is_featured: 0, url: '' });
    const locks = await sql('SELECT resource_id AS id FROM operation_lock WHERE operation_id = ?', body['jobid']);
    const held = [body['id'], own.vmId, own.volumeId, place.storeId];
    expect(locks.map(({ id }) => String(id)).sort()).toEqual(held.map(String).sort());
  });
});
