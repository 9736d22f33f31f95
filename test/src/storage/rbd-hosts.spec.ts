/** Hosts and the keys of RBD pools: who is told when, and who fences whom. On simulated hosts, with real rows and agents. */
import { createBlocklists, type Blocklists } from '@durastack/activities/storage/blocklist';
import { CreateStoragePoolHandler } from '@durastack/api/storage/create-storage-pool.command';
import type { RbdPoolSpec } from '@durastack/contracts/agent/specs';
import type { StepRef } from '@durastack/contracts/operations/step';
import { newId } from '@durastack/kit/ids/new-id';
import { toPoolSpec, type PoolSpecRow } from '@durastack/store/storage/pool-spec';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deployed, expunge, makeGround, only, type Ground } from '../crash/ground.js';
import { startMatrixWorld, type MatrixWorld } from '../crash/matrix-world.js';
import { loadStepLists } from '../support/workflows.js';

const KEY = Buffer.from('010000000000000000001000000102030405060708090a0b0c0d0e0f', 'hex').toString('base64');
const ADDRESS = '192.0.2.77';

let world: MatrixWorld;
let ground: Ground;

beforeAll(async () => {
  world = await startMatrixWorld();
  ground = await makeGround(world, await loadStepLists());
}, 120_000);
afterAll(() => world?.stop());

async function poolSpec(): Promise<RbdPoolSpec> {
  const [row] = await world.db.query<PoolSpecRow>(
    'SELECT id, kind, path, monitors, ceph_user AS cephUser FROM storage_pool WHERE id = ?',
    [ground.poolId],
  );
  return toPoolSpec(row!) as RbdPoolSpec;
}

const hostAt = async (id: string) =>
  (await world.db.query<{ id: string; url: string }>('SELECT id, agent_url AS url FROM host WHERE id = ?', [id]))[0]!;
const knownBy = (hostId: string): string[] =>
  Object.keys(
    (JSON.parse(readFileSync(join(world.simulatorDirectory, `${hostId}.json`), 'utf8')) as { pools: object }).pools,
  );

it('tells a host of a pool when it turns out not to know it', async () => {
  const [hostId] = ground.hostIds as [string];
  const pool = await poolSpec();
  const token = { controlEpoch: 1, generation: 1_000, step: 0 };
  await world.agents.client.call(await hostAt(hostId), 'ensurePoolGone', { pool }, { token });
  expect(knownBy(hostId)).not.toContain(pool.id);
  await only(ground, { table: 'host', id: hostId }, async () => expunge(ground, await deployed(ground)));
  expect(knownBy(hostId)).toContain(pool.id);
});

it('keeps the key out of everything that operations leave behind', async () => {
  const operations = await world.db.query('SELECT * FROM operation');
  expect(JSON.stringify(operations)).not.toContain(KEY.slice(8, 36));
  const agentLog = readFileSync(join(world.directory, 'agent.log'), 'utf8');
  expect(agentLog).not.toContain(KEY.slice(8, 36));
});

it('refuses to fence at a pool without a fencing user', async () => {
  const blocklists = createBlocklists({
    source: world.database.source,
    box: world.platform.secrets,
    agents: world.agents,
  });
  await expect(blocklists.list(ground.poolId)).rejects.toMatchObject({ code: 'NOT_ALLOWED_IN_STATE' });
});

it('fences a host by another one, and says what is fenced', async () => {
  const sealed = world.platform.secrets.seal(KEY, `storage-pool:${ground.poolId}`);
  await world.db.execute("UPDATE storage_pool SET fencing_user = 'fence', fencing_secret_sealed = ? WHERE id = ?", [
    sealed,
    ground.poolId,
  ]);
  const asked: string[] = [];
  const blocklists: Blocklists = createBlocklists({
    source: world.database.source,
    box: world.platform.secrets,
    agents: { ...world.agents, call: (hostId, ...rest) => (asked.push(hostId), world.agents.call(hostId, ...rest)) },
  });
  const [hostId, other] = ground.hostIds as [string, string];
  const fenced = { poolId: ground.poolId, address: ADDRESS, hostId };
  const step: StepRef = {
    ...{ operationId: newId(), run: 1, index: 0, count: 1, title: 'Fence', direction: 'forward' },
    ...{ controlEpoch: 1, generation: 2_000, tokenStep: 0 },
  };
  await blocklists.block(fenced, step);
  await blocklists.block(fenced, step);
  expect(await blocklists.list(ground.poolId, hostId)).toEqual([ADDRESS]);
  await blocklists.unblock(fenced, { ...step, tokenStep: 1 });
  expect(await blocklists.list(ground.poolId)).toEqual([]);
  expect(new Set(asked)).toEqual(new Set([other]));
});

it('has a pool only where its kind can be reached', async () => {
  const handler = new CreateStoragePoolHandler(world.platform);
  const { zoneId, podId, clusterId, hostIds } = ground;
  const url = `rbd://u:${KEY}@192.0.2.1/p`;
  const attempt = handler.execute(world.call, { zoneId, podId, clusterId, name: 'x', url, hostId: hostIds[0]! });
  await expect(attempt).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});
