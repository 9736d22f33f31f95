import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { autocommit, transaction } from '../database/transaction.js';
import { newId } from '@durastack/kit/ids/new-id';
import { controlEpoch } from '../operations/settings.js';
import { seed } from '../seed.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { allHostsKnown, noteStranger, recordReading, takeHostsToRead, writeOffHost } from './recovery-hosts.js';
import {
  activeRecovery,
  beginRecovery,
  endRecovery,
  noticeRestore,
  raiseAbove,
  refuseInRecovery,
} from './recovery-state.js';
import { acknowledgeFindings, readRecoveryReport } from './recovery-view.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await seed(database.source);
});
afterAll(() => database.drop());

const db = () => autocommit(database.source);
const epoch = () => controlEpoch(db());
const notice = (controlEpochSeen: number, generation: number) =>
  transaction(database.source, (tx) => noticeRestore(tx, [{ controlEpoch: controlEpochSeen, generation }]));
const begin = () => beginRecovery(database.source, { reason: 'a test', byCommand: true });
const end = () => transaction(database.source, (tx) => endRecovery(tx, 'nothing'));

async function addHost(): Promise<string> {
  const id = newId();
  await db().execute(
    `INSERT INTO host (id, name, zone_id, pod_id, cluster_id, hypervisor, state, allocation_state, agent_url, incarnation, certificate_serial, created_at)
     VALUES (?, ?, ?, ?, ?, 'Simulator', 'Up', 'Enabled', 'agent://127.0.0.1:1', 1, 'AA', NOW(3))`,
    [id, `host-${id}`, newId(), newId(), newId()],
  );
  return id;
}

beforeEach(async () => {
  await db().execute("DELETE FROM setting WHERE name IN ('recovery', 'last-recovery')");
  await db().execute("UPDATE setting SET value = '1' WHERE name = 'control-epoch'");
  for (const table of ['host', 'operation', 'operation_run', 'recovery_host', 'recovery_finding'])
    await db().execute(`DELETE FROM ${table}`);
});

describe('what hosts were told', () => {
  it('begins recovery when it is more than was ever given out', async () => {
    await db().execute("INSERT INTO operation_run (operation_id, run, started_at) VALUES ('o', 1, NOW(3))");
    const [given] = await db().query<{ generation: number }>('SELECT MAX(generation) AS generation FROM operation_run');
    const generation = Number(given?.generation);
    expect(await notice(1, generation)).toBe(false);
    expect(await notice(0, generation + 50)).toBe(false);
    expect(await notice(1, generation + 1)).toBe(true);
    expect(await epoch()).toBe(2);
    expect(await notice(1, generation + 2)).toBe(false);
    await expect(transaction(database.source, refuseInRecovery)).rejects.toMatchObject({ code: 'RECOVERING' });
  });

  it('of a higher epoch waits for a person: another control plane may run these hosts', async () => {
    expect(await notice(7, 3)).toBe(true);
    expect(await epoch()).toBe(1);
    expect(await activeRecovery(db())).toMatchObject({ confirmed: false, seenEpoch: 7 });
    await begin();
    expect(await epoch()).toBe(8);
    expect(await activeRecovery(db())).toMatchObject({ confirmed: true });
  });

  it('does not begin it by itself again and again', async () => {
    expect(await notice(1, 5)).toBe(true);
    await end();
    expect(await notice(2, 5_000)).toBe(false);
    await begin();
    await end();
    expect(await notice(3, 5_000)).toBe(true);
  });
});

describe('recovery', () => {
  it('leaps over every run that the time after the backup may have used', async () => {
    const columns =
      'id, kind, state, run, direction, resource_type, resource_id, summary, account_id, domain_id, lifecycle_json, input_json, created_at, touched_at';
    for (const [id, state] of [
      ['a', 'running'],
      ['b', 'granted'],
      ['c', 'queued'],
      ['d', 'succeeded'],
    ])
      await db().execute(
        `INSERT INTO operation (${columns}) VALUES (?, 'k', ?, 1, 'forward', 'host', 'h', 's', 'x', 'y', '{}', '{}', NOW(3), NOW(3))`,
        [id, state],
      );
    await begin();
    const rows = await db().query('SELECT id, state, run FROM operation ORDER BY id');
    expect(rows).toEqual([
      { id: 'a', state: 'granted', run: 1001 },
      { id: 'b', state: 'granted', run: 1001 },
      { id: 'c', state: 'queued', run: 1 },
      { id: 'd', state: 'succeeded', run: 1 },
    ]);
  });

  it('waits for every host, takes the certificate that a host really shows, and lets one be written off', async () => {
    const [read, silent] = [await addHost(), await addHost()];
    await expect(writeOffHost(database.source, silent)).rejects.toMatchObject({ code: 'NOT_ALLOWED_IN_STATE' });
    await begin();
    const due = await transaction(database.source, (tx) => takeHostsToRead(tx, 10));
    expect(due.map(({ id }) => id).sort()).toEqual([read, silent].sort());
    expect(await transaction(database.source, (tx) => takeHostsToRead(tx, 10))).toEqual([]);
    const facts = { hypervisor: 'Simulator', accelerator: 'none', hypervisorVersion: '', agentVersion: '' } as const;
    const size = { bootId: '', cpuCount: 1, cpuMhz: 1, memoryMib: 1 };
    const contents = { vms: [], volumes: {}, networks: [] };
    const reading = { hostId: read, controlEpoch: 2, incarnation: 3, certificateSerial: 'BB' };
    const inventory = { ...contents, facts: { ...facts, ...size } } as unknown as Parameters<
      typeof recordReading
    >[1]['inventory'];
    await recordReading(database.source, { ...reading, inventory });
    expect(await db().query('SELECT incarnation, certificate_serial AS serial FROM host WHERE id = ?', [read])).toEqual(
      [{ incarnation: 3, serial: 'BB' }],
    );
    expect(await allHostsKnown(db())).toBe(false);
    await expect(writeOffHost(database.source, read)).rejects.toMatchObject({ code: 'NOT_ALLOWED_IN_STATE' });
    await writeOffHost(database.source, silent);
    expect(await allHostsKnown(db())).toBe(true);
    expect(await readRecoveryReport(db())).toMatchObject({ hostCount: 2, readCount: 1, awaited: [], controlEpoch: 2 });
  });

  it('goes above an epoch that a host turns out to obey, when it was begun by command', async () => {
    await begin();
    await raiseAbove(database.source, 9);
    expect(await epoch()).toBe(10);
    await end();
    await db().execute("DELETE FROM setting WHERE name = 'last-recovery'");
    await notice(10, 1);
    const before = await epoch();
    await raiseAbove(database.source, before + 5);
    expect(await epoch()).toBe(before);
    expect(await activeRecovery(db())).toMatchObject({ confirmed: false });
  });

  it('lists hosts without a row, until that is acknowledged', async () => {
    await noteStranger(db(), newId());
    expect((await readRecoveryReport(db())).findings).toEqual([]);
    await begin();
    await noteStranger(db(), newId());
    expect((await readRecoveryReport(db())).findings.map(({ kind }) => kind)).toEqual(['unknown-host']);
    expect(await acknowledgeFindings(db())).toBe(1);
  });
});
