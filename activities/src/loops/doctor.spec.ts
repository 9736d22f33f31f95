/** A check of a large cloud gives way to hosts that are lost in the middle of it. */
import { newId } from '@durastack/kit/ids/new-id';
import type { AgentClient } from '@durastack/kit/agent-client/agent-client';
import { createLogger } from '@durastack/kit/log/logger';
import { DurastackError } from '@durastack/contracts/errors';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { insertOperation } from '@durastack/store/testing/lost-machine-rows';
import { createTestDatabase, type TestDatabase } from '@durastack/store/testing/test-database';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startDoctorLoop } from './doctor.js';

const HOSTS = 300;
/** All of them take longer than the check takes to see that it has to give way. */
const ANSWER_MS = 300;
const PLACE = newId();

let db: TestDatabase;
let tx: Tx;
beforeAll(async () => {
  db = await createTestDatabase();
  tx = autocommit(db.source);
  await tx.execute("INSERT INTO setting (name, value) VALUES ('control-epoch', '1')");
  for (let index = 0; index < HOSTS; index += 1)
    await insertRow(tx, 'host', {
      ...{ id: newId(), name: `h${index}`, zone_id: PLACE, pod_id: PLACE, cluster_id: PLACE, hypervisor: 'Simulator' },
      ...{ state: 'Up', allocation_state: 'Enabled', agent_url: 'agent://127.0.0.1:1', created_at: new Date() },
    });
}, 120_000);
afterAll(() => db?.drop());

it('visits no more of them, and looks again when their machines have been started', { timeout: 120_000 }, async () => {
  let lost: Promise<string> | undefined;
  let [visits, isCalm] = [0, true];
  const client = {
    async call() {
      visits += 1;
      // The hosts of this cloud are rows only.
      if (!isCalm) lost ??= insertOperation(tx, { kind: 'failOverHost', resource_type: 'host', state: 'running' });
      await lost;
      await sleep(ANSWER_MS);
      throw new DurastackError('HOST_UNREACHABLE', 'nobody is there');
    },
  } as unknown as AgentClient;
  const lastCheck = async () =>
    (await tx.query<{ value: string }>("SELECT value FROM setting WHERE name = 'doctor-last-check'"))[0]?.value;
  const log = createLogger('doctor', 'silent');
  const loop = startDoctorLoop({
    source: db.source,
    agents: { client },
    log,
    holder: 'one',
    intervalMs: 1,
    lookAgainMs: 1,
  });
  try {
    const first = await vi.waitFor(async () => (await lastCheck()) ?? expect.fail('no check'), { timeout: 20_000 });
    [visits, isCalm] = [0, false];
    await vi.waitFor(() => expect(lost).toBeDefined(), { timeout: 30_000, interval: 200 });
    // For longer than visiting all of them takes.
    await sleep(6_000);
    expect(visits).toBeLessThan(HOSTS);
    expect(await lastCheck()).toBe(first);
    await tx.execute("UPDATE operation SET state = 'succeeded' WHERE id = ?", [await lost]);
    await vi.waitFor(async () => expect(await lastCheck()).not.toBe(first), { timeout: 30_000, interval: 200 });
  } finally {
    await loop.stop();
  }
});
