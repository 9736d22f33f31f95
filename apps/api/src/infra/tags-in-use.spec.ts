/** Tags of hosts and pools, as listHostTags and listStorageTags give them. */
import { autocommit } from '@durastack/store/database/transaction';
import { readTagsInUse } from '@durastack/store/infra/tags-in-use';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePlace } from '../testing/fixture.js';
import { startTestApi, type TestApi } from '../testing/test-api.js';

let t: TestApi;
beforeAll(async () => {
  t = await startTestApi();
  const [one, two, removed] = [await makePlace(t), await makePlace(t), await makePlace(t)];
  await makePlace(t);
  await t.ok('updateHost', { id: one.hostId, hosttags: 'ssd, gpu.large' });
  await t.ok('updateHost', { id: two.hostId, hosttags: 'SSD,ssd' });
  await t.ok('updateStoragePool', { id: one.poolId, tags: 'fast' });
  await t.ok('updateStoragePool', { id: two.poolId, tags: 'slow,fast' });
  await t.db.source.query("UPDATE host SET tags = 'old', state = 'Removed' WHERE id = ?", [removed.hostId]);
  await t.db.source.query("UPDATE storage_pool SET tags = 'old', state = 'Removed' WHERE id = ?", [removed.poolId]);
});
afterAll(() => t.stop());

describe('tags in use', () => {
  it('of hosts are given each once, without those of hosts that are gone', async () => {
    const tags = ['SSD', 'gpu.large', 'ssd'].map((name) => ({ id: name, name, isimplicit: false }));
    expect((await t.call('listHostTags')).body).toEqual({ count: 3, hosttag: tags });
    expect(await t.ok('listHostTags', { keyword: 'GPU' })).toEqual([tags[1]]);
    expect((await t.call('listHostTags', { page: '2', pagesize: '2' })).body).toEqual({ count: 3, hosttag: [tags[2]] });
  });

  it('of pools too', async () => {
    const tags = ['fast', 'slow'].map((name) => ({ id: name, name }));
    expect((await t.call('listStorageTags')).body).toEqual({ count: 2, storagetag: tags });
    expect((await t.call('listStorageTags', { keyword: 'none' })).body).toEqual({});
  });

  it.each(['host', 'storage-pool'] as const)('are found in an index, without reading any %s', async (type) => {
    const tx = autocommit(t.db.source);
    const plans: { type: string; Extra: string }[] = [];
    const explaining: typeof tx = {
      ...tx,
      query: async (sql, values) => {
        plans.push(...(await tx.query<{ type: string; Extra: string }>(`EXPLAIN ${sql}`, values)));
        return tx.query(sql, values);
      },
    };
    expect(await readTagsInUse(explaining, type)).not.toEqual([]);
    expect(plans).toHaveLength(1);
    expect(plans[0]?.type).not.toBe('ALL');
    expect(plans[0]?.Extra).toContain('Using index');
  });

  it('go on behind the first page of the REST face, whatever they are named', async () => {
    const read = async (query: Record<string, string>) => {
      const reply = await t.api.server.inject({
        ...{ method: 'GET', url: '/api/v1/host-tags', query: { limit: '2', ...query } },
        headers: { authorization: `Bearer ${t.admin.apiKey}:${t.admin.secretKey}` },
      });
      return reply.json<{ items: { name: string }[]; nextCursor?: string }>();
    };
    const first = await read({});
    const second = await read({ cursor: String(first.nextCursor) });
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(['SSD', 'gpu.large', 'ssd']);
    expect(second).not.toHaveProperty('nextCursor');
  });
});
