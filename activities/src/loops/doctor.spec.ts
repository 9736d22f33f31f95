/** A check of a large cloud gives way to hosts that are lost in the middle of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import type { AgentClient } from '@durastack/kit/agent-client/agent-client';
import { newId } from '@durastack/kit/ids/new-id';
import { createLogger } from '@durastack/kit/log/logger';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { databaseNow, readLastCheck } from '@durastack/store/doctor/checks';
import { insertOperation } from '@durastack/store/testing/lost-machine-rows';
import { createTestDatabase, type TestDatabase } from '@durastack/store/testing/test-database';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startDoctorLoop } from './doctor.js';

const HOSTS = 400;
/** Visiting all of them takes longer than a check takes to see that it has to give way. */
const ANSWER_MS = 300;
const PLACE = newId();

let db: TestDatabase;
let tx: Tx;
let checkedAt: string;
beforeAll(async () => {
  db = await createTestDatabase();
  tx = autocommit(db.source);
  checkedAt = await databaseNow(tx);
  const last = { checkedAt, durationMs: 1, hosts: { asked: 0, answered: 0 }, comparedTemporal: false };
  await tx.execute("INSERT INTO setting (name, value) VALUES ('control-epoch', '1'), ('doctor-last-check', ?)", [
    JSON.stringify(last),
  ]);
  for (let index = 0; index < HOSTS; index += 1)
    await insertRow(tx, 'host', {
      ...{ id: newId(), name: `h${index}`, zone_id: PLACE, pod_id: PLACE, cluster_id: PLACE, hypervisor: 'Simulator' },
      ...{ state: 'Up', allocation_state: 'Enabled', agent_url: 'agent://127.0.0.1:1', created_at: new Date() },
    });
}, 120_000);
afterAll(() => db?.drop());

it('visits no more of them, and looks again when their machines have been started', { timeout: 180_000 }, async () => {
  let lost: Promise<string> | undefined;
  let visits = 0;
  const client = {
    // The hosts of this cloud are rows only.
    async call() {
      visits += 1;
      lost ??= insertOperation(tx, { kind: 'failOverHost', resource_type: 'host', state: 'running' });
      await lost;
      await sleep(ANSWER_MS);
      throw new DurastackError('HOST_UNREACHABLE', 'nobody is there');
    },
  } as unknown as AgentClient;
  const [log, agents] = [createLogger('doctor', 'silent'), { client }];
  const loop = startDoctorLoop({ source: db.source, agents, log, holder: 'one', intervalMs: 1, lookAgainMs: 1 });
  const lastCheckedAt = async () => (await readLastCheck(tx))?.checkedAt;
  try {
    await vi.waitFor(() => expect(lost).toBeDefined(), { timeout: 60_000 });
    // For longer than visiting all of them takes.
    await sleep(6_000);
    expect(visits).toBeLessThan(HOSTS);
    expect(await lastCheckedAt()).toBe(checkedAt);
    await tx.execute("UPDATE operation SET state = 'succeeded' WHERE id = ?", [await lost]);
    const made = async () => expect(await lastCheckedAt()).not.toBe(checkedAt);
    await vi.waitFor(made, { timeout: 90_000, interval: 200 });
  } finally {
    await loop.stop();
  }
});
