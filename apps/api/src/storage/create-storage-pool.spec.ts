import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePlace, type Place } from '../testing/fixture.js';
import { startTestApi, type TestApi } from '../testing/test-api.js';
import { parsePoolUrl } from './pool-url.js';

const KEY = 'AQCUfAFrAAAAABAAjqLest77n6PUOryhwCuOAw==';
const FENCING_KEY = 'AQD/+AFrAAAAABAAy40XxksewHtBK+1fL4eFvg==';

let t: TestApi;
let tx: Tx;
let place: Place;
let pools = 0;

beforeAll(async () => {
  t = await startTestApi();
  tx = autocommit(t.db.source);
  place = await makePlace(t);
});
afterAll(() => t.stop());

/** Asks by the REST face, which does not wait for the pool. */
async function create(params: Record<string, unknown>) {
  pools += 1;
  const reply = await t.api.server.inject({
    method: 'POST',
    url: '/api/v1/storage-pools',
    headers: { authorization: `Bearer ${t.admin.apiKey}:${t.admin.secretKey}` },
    payload: { zoneId: place.zoneId, clusterId: place.clusterId, name: `rbd-${pools}`, ...params },
  });
  return { status: reply.statusCode, body: reply.body, name: `rbd-${pools}` };
}

describe('createStoragePool of RBD', () => {
  it('seals the keys at once: neither is in any other row', async () => {
    const url = `rbd://hosts:${encodeURIComponent(KEY)}@mon-1,mon-2:3300/cloud`;
    const details = { fencinguser: 'client.fence', fencingsecret: FENCING_KEY, monitors: '10.0.0.3' };
    const { status, name } = await create({ url, details });
    expect(status).toBe(202);
    const [row] = await tx.query<Record<string, unknown>>('SELECT * FROM storage_pool WHERE name = ?', [name]);
    expect(row).toMatchObject({
      ...{ kind: 'rbd', path: 'cloud', monitors: 'mon-1:6789,mon-2:3300,10.0.0.3:6789', scope: 'CLUSTER' },
      ...{ ceph_user: 'hosts', fencing_user: 'fence', state: 'Creating' },
    });
    for (const column of ['secret_sealed', 'fencing_secret_sealed']) expect(String(row?.[column])).toMatch(/^v1\./);
    const tables = await tx.query<{ name: string }>(
      'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()',
    );
    for (const table of tables) {
      const rows = JSON.stringify(await tx.query(`SELECT * FROM \`${table.name}\``));
      for (const key of [KEY, FENCING_KEY, encodeURIComponent(KEY)]) expect(rows).not.toContain(key.slice(4, 30));
    }
    const listed = await t.ok<Record<string, unknown>[]>('listStoragePools', { name });
    expect(listed[0]).toMatchObject({ type: 'RBD', path: 'cloud', ipaddress: 'mon-1', scope: 'CLUSTER' });
  });

  it.each([
    ['no user', { url: 'rbd://mon/cloud' }, /needs a cephx user and its secret/],
    ['no pool', { url: `rbd://u:${KEY}@mon/` }, /no RBD pool/],
    ['no monitor', { url: `rbd://u:${KEY}@/cloud` }, /between 1 and 16 monitors/],
    ['a monitor that is none', { url: `rbd://u:${KEY}@mon:99999/cloud` }, /monitor mon:99999 is no host/],
    ['an option as pool', { url: `rbd://u:${KEY}@mon/--all` }, /Ceph pool --all has no possible name/],
    ['an option as user', { url: `rbd://--id:${KEY}@mon/cloud` }, /cephx user --id has no possible name/],
    ['a password as key', { url: 'rbd://u:hunter2-and-more@mon/cloud' }, /no cephx key/],
    ['half a fencing user', { url: `rbd://u:${KEY}@mon/cloud`, details: { fencinguser: 'f' } }, /Give both/],
    ['a wrong encoding', { url: 'rbd://u:%zz@mon/cloud' }, /% that encodes nothing/],
    ['one host', { url: `rbd://u:${KEY}@mon/cloud`, scope: 'HOST' }, /belongs to a cluster or zone/],
    ['a typing error', { url: `rdb://u:${KEY}@mon/cloud` }, /is no pool/],
  ])('refuses %s, without its secret', async (_, params, says) => {
    const { status, body } = await create(params);
    expect(status).toBe(400);
    expect(body).toMatch(says);
    for (const secret of [KEY.slice(4, 30), 'hunter2']) expect(body).not.toContain(secret);
  });
});

describe('the url of a pool', () => {
  it('may hold the key as clients write it', () => {
    const asUrl = FENCING_KEY.replaceAll('+', '-').replaceAll('/', '_');
    expect(parsePoolUrl(`RBD://client.u:${asUrl}@[fd00::1]:3300/p`)).toMatchObject({
      ...{ kind: 'rbd', monitors: ['[fd00::1]:3300'], pool: 'p', hosts: { user: 'u', secret: FENCING_KEY } },
    });
  });

  it('may leave user and secret to details, in any case of their names', () => {
    const details = { Monitors: 'fd00::1, b:3300', USER: 'u', Secret: KEY };
    expect(parsePoolUrl('rbd://a/p', details)).toMatchObject({
      ...{ monitors: ['a:6789', '[fd00::1]:6789', 'b:3300'], hosts: { user: 'u', secret: KEY } },
    });
  });

  it.each(['file:///a', 'SharedMountPoint://localhost/a/'])('of %s is a directory', (url) => {
    expect(parsePoolUrl(url)).toMatchObject({ path: '/a' });
  });
});
