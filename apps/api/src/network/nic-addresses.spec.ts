/** Addresses of interfaces: which are given, and to whom. What hosts make of them is in the crash matrix and in the drivers' suites. */
import { newId } from '@durastack/kit/ids/new-id';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let place: Place;
let alice: TestAccount;
let own: Belongings;
let foreign: Belongings;
let nicid: string;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
  alice = await t.account('alice');
  own = await makeBelongings(t, place, alice);
  foreign = await makeBelongings(t, place, await t.account('bob'));
  nicid = await nicOf(own.vmId);
});
afterAll(() => t.stop());

const sql = (statement: string, ...values: unknown[]) => t.db.source.query(statement, values) as Promise<Row[]>;
const nicOf = async (vmId: string) => String((await sql('SELECT id FROM nic WHERE vm_id = ?', vmId))[0]?.['id']);
beforeEach(async () => {
  await sql('DELETE FROM operation_lock');
  await sql('DELETE FROM nic_secondary_ip');
  await sql("UPDATE virtual_machine SET operation_id = NULL, state = 'Stopped'");
});

const errorOf = async (command: string, params: Record<string, string>) =>
  String((await t.call(command, params, alice.keys)).body['errortext'] ?? '');
const secondary = async (ip: string, of = nicid): Promise<string> => {
  const id = newId();
  await sql(
    'INSERT INTO nic_secondary_ip (id, nic_id, network_id, ip, created_at) SELECT ?, id, network_id, ?, NOW(3) FROM nic WHERE id = ?',
    ...[id, ip, of],
  );
  return id;
};
/** An address of the interface's network by its last number. */
const address = async (last: number): Promise<string> => {
  const [row] = await sql('SELECT w.gateway FROM nic n JOIN network w ON w.id = n.network_id WHERE n.id = ?', nicid);
  return String(row?.['gateway']).replace(/\d+$/, String(last));
};
const change = async (params: Record<string, string>): Promise<string> => {
  const job = await t.ok<Row>('updateVmNicIp', { nicid, ...params }, alice.keys);
  const done = await t.ok<Row>('queryAsyncJobResult', { jobid: String(job['jobid']) }, alice.keys);
  return String((done['jobresult'] as { virtualmachine: Row }).virtualmachine['ipaddress']);
};

describe('a secondary address', () => {
  it('is asked for on an interface of a machine of one’s own, and of a network with addresses', async () => {
    const jobid = await t.ok<string>('addIpToNic', { nicid, ipaddress: await address(40) }, alice.keys);
    const [row] = await sql('SELECT input_json FROM operation WHERE id = ?', jobid);
    expect(JSON.parse(String(row?.['input_json']))).toMatchObject({ nicId: nicid, ip: await address(40) });
    for (const other of [await nicOf(foreign.vmId), newId()])
      expect(await errorOf('addIpToNic', { nicid: other })).toBe(
        `Invalid parameter nicid value=${other} due to incorrect long value format, or entity does not exist`,
      );
    expect(await errorOf('addIpToNic', { nicid, ipaddress: '10.1.1.300' })).toContain('ipaddress');
    await sql("UPDATE virtual_machine SET operation_id = NULL, state = 'Destroyed'");
    await sql('DELETE FROM operation_lock');
    expect(await errorOf('addIpToNic', { nicid })).toContain('when it is Running or Stopped');
    await sql("UPDATE network SET kind = 'L2' WHERE id = (SELECT network_id FROM nic WHERE id = ?)", nicid);
    expect(await errorOf('addIpToNic', { nicid })).toContain('has no addresses to give');
    expect(await errorOf('updateVmNicIp', { nicid })).not.toBe('');
    await sql("UPDATE network SET kind = 'Shared' WHERE id = (SELECT network_id FROM nic WHERE id = ?)", nicid);
  });

  it('is one of 256 at most', async () => {
    for (let last = 0; last < 256; last += 1) await secondary(`10.77.0.${last}`);
    expect(await errorOf('addIpToNic', { nicid })).toContain('has 256 secondary addresses already');
  });

  it('is listed with its interface and its machine', async () => {
    const [first, second] = [await secondary('10.77.0.1'), await secondary('10.77.0.2')];
    const expected = [
      { id: first, ipaddress: '10.77.0.1' },
      { id: second, ipaddress: '10.77.0.2' },
    ];
    const byId = (items: unknown) => (items as { id: string }[]).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const { body: nics } = await t.call('listNics', { virtualmachineid: own.vmId }, alice.keys);
    expect(byId((nics['nic'] as Row[])[0]?.['secondaryip'])).toEqual(byId(expected));
    const { body } = await t.call('listVirtualMachines', { id: own.vmId }, alice.keys);
    const [machine] = body['virtualmachine'] as { nic: Row[] }[];
    expect(byId(machine?.nic[0]?.['secondaryip'])).toEqual(byId(expected));
  });

  it('is taken away by its id, by those who may see its machine', async () => {
    const id = await secondary('10.77.0.1');
    const jobid = await t.ok<string>('removeIpFromNic', { id }, alice.keys);
    const [row] = await sql('SELECT input_json FROM operation WHERE id = ?', jobid);
    expect(JSON.parse(String(row?.['input_json']))).toMatchObject({ addressId: id, nicId: nicid });
    for (const other of [await secondary('10.77.0.3', await nicOf(foreign.vmId)), newId()])
      expect(await errorOf('removeIpFromNic', { id: other })).toBe(
        `Invalid parameter id value=${other} due to incorrect long value format, or entity does not exist`,
      );
  });
});

describe('the address of an interface', () => {
  it('is changed to the one that was asked for, or to another free one', async () => {
    const wanted = await address(41);
    expect(await change({ ipaddress: wanted })).toBe(wanted);
    expect(await change({ ipaddress: wanted })).toBe(wanted);
    expect(await change({})).not.toBe(wanted);
  });

  it('is none that is taken, lies elsewhere, or is the gateway; nothing is changed then', async () => {
    await change({ ipaddress: await address(42) });
    await secondary(await address(43));
    const to = async (ipaddress: string) => errorOf('updateVmNicIp', { nicid, ipaddress });
    expect(await to(await address(43))).toContain('is taken');
    expect(await to(await address(1))).toContain('cannot be given');
    expect(await to('203.0.113.9')).toContain('cannot be given');
    const [row] = await sql('SELECT ip FROM nic WHERE id = ?', nicid);
    expect(row?.['ip']).toBe(await address(42));
  });

  it('is changed while its machine is stopped, and nothing is at work on it', async () => {
    await sql("UPDATE virtual_machine SET state = 'Running'");
    expect(await errorOf('updateVmNicIp', { nicid })).toContain('when it is Stopped');
    await sql("UPDATE virtual_machine SET state = 'Stopped', operation_id = ? WHERE id = ?", newId(), own.vmId);
    expect(await errorOf('updateVmNicIp', { nicid })).toContain('holds the virtual machine');
    const other = await nicOf(foreign.vmId);
    expect(await errorOf('updateVmNicIp', { nicid: other })).toContain('does not exist');
  });

  it('is given once to one of many who ask at the same time', async () => {
    const ipaddress = await address(44);
    await sql('UPDATE nic SET network_id = (SELECT n.network_id FROM (SELECT * FROM nic) n WHERE n.id = ?)', nicid);
    const nics = (await sql('SELECT id FROM nic')).map(({ id }) => String(id));
    const replies = await Promise.all(nics.map((id) => t.call('updateVmNicIp', { nicid: id, ipaddress })));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await sql('SELECT id FROM nic WHERE ip = ?', ipaddress)).toHaveLength(1);
  });
});
