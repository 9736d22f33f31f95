import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../testing/test-api.js';

type Row = Record<string, string>;

const PLAIN = '0ff00000-0000-4000-8000-000000000001';
const VXLAN = '0ff00000-0000-4000-8000-000000000002';

let t: TestApi;
let nets = 0;
beforeAll(async () => {
  t = await startTestApi();
});
afterAll(() => t.stop());

function makeZone(name: string, vxlanrange?: string): Promise<Row> {
  const dns = { dns1: '192.0.2.1', internaldns1: '192.0.2.2' };
  return t.ok('createZone', { name, ...dns, networktype: 'Advanced', ...(vxlanrange ? { vxlanrange } : {}) });
}

/** Parameters of a network whose addresses no other has. */
function network(zone: Row, more: Record<string, string> = {}): Record<string, string> {
  nets += 1;
  const net = `10.9.${nets}`;
  const range = { gateway: `${net}.1`, netmask: '255.255.255.0', startip: `${net}.2`, endip: `${net}.250` };
  return { zoneid: String(zone['id']), networkofferingid: VXLAN, name: `n${nets}`, ...range, ...more };
}

async function refusal(command: string, params: Record<string, string>): Promise<string> {
  const { status, body } = await t.call(command, params);
  expect(status).toBeGreaterThanOrEqual(400);
  return String(body['errortext']);
}

describe('a VXLAN network', () => {
  it('gets a VNI of its zone, and says so to administrators', async () => {
    const zone = await makeZone('vx1', '5000-5002');
    expect(zone).toMatchObject({ vxlanrange: '5000-5002' });
    const first = await t.ok<Row>('createNetwork', network(zone));
    expect(first).toMatchObject({
      ...{ vlan: '5000', broadcastdomaintype: 'Vxlan', broadcasturi: 'vxlan://5000', networkofferingid: VXLAN },
      ...{ privatemtu: 1450, type: 'Shared', state: 'Implemented' },
    });
    const second = await t.ok<Row>('createNetwork', network(zone, { vlan: 'vxlan://5002', privatemtu: '8950' }));
    expect(second).toMatchObject({ broadcasturi: 'vxlan://5002', privatemtu: 8950 });
    expect(await t.ok('createNetwork', network(zone, { driver: 'ovs' }))).toMatchObject({ vlan: '5001' });
    expect(await refusal('createNetwork', network(zone))).toContain('All VNIs of the zone (5000-5002) are in use');
    expect(await t.ok('listNetworks', { networkofferingid: VXLAN, listall: 'true' })).toHaveLength(3);
    const tenant = await t.account('tenant');
    const seen = await t.ok<Row[]>('listNetworks', { id: String(first['id']) }, tenant.keys);
    expect(seen[0]).not.toHaveProperty('vlan');
  });

  it('never shares its VNI, however many are made at once', async () => {
    const zone = await makeZone('vx2', '100-119');
    const made = await Promise.all(Array.from({ length: 20 }, () => t.ok<Row>('createNetwork', network(zone))));
    expect(new Set(made.map((row) => row['vlan']))).toHaveProperty('size', 20);
    const rows = await t.db.source.query<{ bridge: string }[]>('SELECT bridge FROM network WHERE zone_id = ?', [
      zone['id'],
    ]);
    expect(new Set(rows.map(({ bridge }) => bridge))).toHaveProperty('size', 20);
  });

  it('may have the VNI of one in another zone', async () => {
    const [one, other] = [await makeZone('vx3', '7-7'), await makeZone('vx4', '7-7')];
    for (const zone of [one, other]) expect(await t.ok('createNetwork', network(zone))).toMatchObject({ vlan: '7' });
  });

  it('is refused with what it cannot have', async () => {
    const zone = await makeZone('vx5', '5000-5999');
    const without = await makeZone('vx6');
    await t.ok('createNetwork', network(zone, { vlan: 'vxlan://5001' }));
    const refused = (more: Record<string, string>): Promise<string> => refusal('createNetwork', network(zone, more));
    expect(await refused({ vlan: 'vxlan://5001' })).toContain('The VNI 5001 is in use by another network');
    expect(await refused({ vlan: 'vxlan://4999' })).toContain("not in the zone's range 5000-5999");
    expect(await refused({ vlan: 'vxlan://16777216' })).toContain('is no VXLAN identifier');
    expect(await refused({ vlan: 'vxlan://0' })).toContain('is no VXLAN identifier');
    expect(await refused({ vlan: 'untagged' })).toContain('is no VXLAN identifier');
    expect(await refused({ driver: 'bridge' })).toContain('needs driver=ovs');
    expect(await refused({ privatemtu: '68' })).toContain('privatemtu 68 is not between 1280 and 9000');
    expect(await refused({ privatemtu: '9001' })).toContain('not between');
    expect(await refused({ networkofferingid: PLAIN, vlan: 'vxlan://5002' })).toContain(VXLAN);
    const unknown = '0ff00000-0000-4000-8000-00000000000f';
    expect(await refused({ networkofferingid: unknown })).toContain('networkofferingid');
    expect(await refusal('createNetwork', network(without))).toContain('give it a vxlanrange');
  });
});

describe("a zone's range of VNIs", () => {
  it('is refused when it is none', async () => {
    const zone = await makeZone('vx7', '10-20');
    for (const range of ['0-5', '20-10', '1-16777216', 'all', '5'])
      expect(await refusal('updateZone', { id: String(zone['id']), vxlanrange: range })).toContain('is no range');
  });

  it('grows, shrinks to what is in use, and goes when nothing is', async () => {
    const zone = await makeZone('vx8', '10-20');
    const update = (vxlanrange: string): [string, Record<string, string>] => [
      'updateZone',
      { id: String(zone['id']), vxlanrange },
    ];
    const made = await t.ok<Row>('createNetwork', network(zone, { vlan: 'vxlan://15' }));
    expect(await t.ok(...update('12-30'))).toMatchObject({ vxlanrange: '12-30' });
    expect(await refusal(...update('16-30'))).toContain(`The network ${made['name']} has the VNI 15`);
    expect(await refusal(...update('none'))).toContain('delete it first');
    await t.db.source.query('UPDATE network SET vni = NULL WHERE id = ?', [made['id']]);
    expect(await t.ok(...update('none'))).not.toHaveProperty('vxlanrange');
  });
});
