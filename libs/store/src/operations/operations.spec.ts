import { defineCommand } from '@durastack/contracts/command';
import { newId } from '@durastack/kit/ids/new-id';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { transaction, type Tx } from '../database/transaction.js';
import type { Caller } from '../identity/caller.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { accept, type AcceptRequest } from './accept.js';
import { decide } from './attention.js';
import { cancelOperation } from './cancel.js';
import { cancelChildren, readChildren } from './children.js';
import { grantForgotten, markRunLost } from './dispatch.js';
import { readRemnants } from './remnants.js';
import { createOperationPorts, inStep } from './run.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ poolSize: 40 });
});
afterAll(() => database.drop());

const caller: Caller = {
  userId: newId(),
  username: 'alice',
  accountId: newId(),
  accountName: 'acme',
  domainId: newId(),
  domainPath: '/',
  role: 'user',
  sourceAddress: '127.0.0.1',
};
const base = {
  domain: 'compute',
  description: '',
  rest: { method: 'POST', path: '/x' },
  roles: ['user'],
  params: z.object({}),
} as const;
const stop = defineCommand({
  ...base,
  name: 'testStop',
  event: 'VM.STOP',
  operation: {
    title: 'Stop',
    resource: 'virtual-machine',
    locks: { 'virtual-machine': 'exclusive', network: 'shared' },
    lifecycle: { begin: 'StopRequested', succeed: 'Stopped', undo: 'StopUndone' },
  },
});
const destroy = defineCommand({
  ...base,
  name: 'testDestroy',
  operation: {
    title: 'Destroy',
    resource: 'virtual-machine',
    supersedes: true,
    locks: { 'virtual-machine': 'exclusive' },
    lifecycle: { begin: 'DestroyRequested', succeed: 'Destroyed' },
  },
});
const removeNetwork = defineCommand({
  ...base,
  name: 'testRemoveNetwork',
  operation: { title: 'Remove', resource: 'network', locks: { network: 'exclusive' }, lifecycle: {} },
});

const sql = <T>(text: string, parameters: unknown[] = []) =>
  transaction(database.source, (tx) => tx.query<T>(text, parameters));
const stateOf = async (operationId: string) =>
  (await sql<{ state: string }>('SELECT state FROM operation WHERE id = ?', [operationId]))[0]?.state;
const vmState = async (id: string) =>
  (await sql<{ state: string }>('SELECT state FROM virtual_machine WHERE id = ?', [id]))[0]?.state;

async function insertVm(tx: Tx, id: string, state = 'Running'): Promise<void> {
  await tx.execute(
    `INSERT INTO virtual_machine (id, name, display_name, instance_name, account_id, domain_id, zone_id, template_id, service_offering_id, cpu_count, cpu_mhz,
       memory_mib, state, desired_power, observed_power, created_at) VALUES (?, 'web-1', 'web-1', ?, ?, ?, ?, ?, ?, 1, 500, 128, ?, 'on', 'running', NOW(3))`,
    [id, id, caller.accountId, caller.domainId, newId(), newId(), newId(), state],
  );
}
async function insertNetwork(id: string): Promise<void> {
  await transaction(database.source, (tx) =>
    tx.execute(
      `INSERT INTO network (id, name, display_text, account_id, domain_id, zone_id, kind, acl, driver, bridge, cidr, gateway, start_ip, end_ip, state, created_at)
       VALUES (?, 'n', 'n', ?, ?, ?, 'Shared', 'all', 'bridge', 'b', '10.0.0.0/24', '10.0.0.1', '10.0.0.2', '10.0.0.9', 'Implemented', NOW(3))`,
      [id, caller.accountId, caller.domainId, newId()],
    ),
  );
}

let vmId: string;
let networkId: string;
beforeEach(async () => {
  vmId = newId();
  networkId = newId();
  await transaction(database.source, async (tx) => {
    await tx.execute(
      "INSERT INTO setting (name, value) VALUES ('control-epoch', '1') ON DUPLICATE KEY UPDATE value = '1'",
    );
    await insertVm(tx, vmId);
  });
  await insertNetwork(networkId);
});

const request = (change: Partial<AcceptRequest> = {}): AcceptRequest => ({
  command: stop,
  caller,
  resource: { type: 'virtual-machine', id: vmId },
  resourceName: 'web-1',
  locks: [{ type: 'virtual-machine', id: vmId }],
  input: {},
  ...change,
});
const take = async (change: Partial<AcceptRequest> = {}) =>
  (await accept(database.source, request(change))).operationId;
const ports = () => createOperationPorts(database.source);
const step = (operationId: string, run = 1) => ({
  operationId,
  run,
  generation: 1,
  controlEpoch: 1,
  direction: 'forward' as const,
  index: 0,
  tokenStep: 1,
  title: 'S',
  count: 1,
});

describe('order of acceptance', () => {
  it('grants the first at once and the next when it has ended', async () => {
    const [first, second, third] = [await take(), await take(), await take()];
    expect([await stateOf(first), await stateOf(second), await stateOf(third)]).toEqual([
      'granted',
      'queued',
      'queued',
    ]);
    const run = { operationId: first, run: 1 };
    await ports().beginRun(run);
    expect(await vmState(vmId)).toBe('Stopping');
    await ports().finishRun(run, 'succeeded');
    expect(await vmState(vmId)).toBe('Stopped');
    expect([await stateOf(first), await stateOf(second), await stateOf(third)]).toEqual([
      'succeeded',
      'granted',
      'queued',
    ]);
  });

  it('grants shared holders together, never past an earlier exclusive waiter', async () => {
    const network = { type: 'network', id: networkId } as const;
    const sharing = async () => {
      const id = newId();
      await transaction(database.source, (tx) => insertVm(tx, id));
      const vm = { type: 'virtual-machine', id } as const;
      return take({ resource: vm, locks: [vm, network] });
    };
    const a = await sharing();
    const remove = await take({ command: removeNetwork, resource: network, locks: [network] });
    const [b, c] = [await sharing(), await sharing()];
    const states = async () => Promise.all([a, remove, b, c].map(stateOf));
    expect(await states()).toEqual(['granted', 'queued', 'queued', 'queued']);
    const end = async (operationId: string) => {
      await ports().beginRun({ operationId, run: 1 });
      await ports().finishRun({ operationId, run: 1 }, 'succeeded');
    };
    await end(a);
    expect(await states()).toEqual(['succeeded', 'granted', 'queued', 'queued']);
    await end(remove);
    expect(await states()).toEqual(['succeeded', 'succeeded', 'granted', 'granted']);
  });

  it('accepts 32 parallel operations on one resource without an error, each behind the other', async () => {
    const ids = await Promise.all(Array.from({ length: 32 }, () => take()));
    const rows = await sql<{ state: string }>('SELECT state FROM operation WHERE id IN (?)', [ids]);
    expect(rows.filter(({ state }) => state === 'granted')).toHaveLength(1);
    let ended = 0;
    for (;;) {
      const [next] = await sql<{ id: string }>("SELECT id FROM operation WHERE state = 'granted' AND resource_id = ?", [
        vmId,
      ]);
      if (!next) break;
      await ports().beginRun({ operationId: next.id, run: 1 });
      if ((await stateOf(next.id)) === 'running')
        await ports().finishRun({ operationId: next.id, run: 1 }, 'succeeded');
      ended += 1;
    }
    expect(ended).toBe(32);
  });

  it('joins the open operation of the same natural key', async () => {
    const first = await accept(database.source, request({ naturalKey: 'k' }));
    const again = await Promise.all(
      Array.from({ length: 8 }, () => accept(database.source, request({ naturalKey: 'k' }))),
    );
    expect(again.every(({ operationId, joined }) => joined && operationId === first.operationId)).toBe(true);
    await cancelOperation(database.source, first.operationId, 'test');
    expect((await accept(database.source, request({ naturalKey: 'k' }))).joined).toBe(false);
  });

  it('changes nothing when a named resource does not exist or a check refuses', async () => {
    await expect(take({ locks: [{ type: 'virtual-machine', id: newId() }] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const before = await sql<{ n: number }>('SELECT COUNT(*) AS n FROM operation');
    await expect(
      take({ write: () => Promise.reject(Object.assign(new Error('x'), { errno: 1062 })) }),
    ).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await sql('SELECT COUNT(*) AS n FROM operation')).toEqual(before);
  });
});

describe('children', () => {
  const parent = newId();
  const begin = async (id: string) => ports().beginRun({ operationId: id, run: 1 });

  it('are accepted once per index', async () => {
    const child = (index: number) => accept(database.source, request({ parent: { operationId: parent, index } }));
    const both = await Promise.all([child(0), child(0)]);
    expect(new Set(both.map(({ operationId }) => operationId)).size).toBe(1);
    expect((await child(1)).joined).toBe(false);
    expect((await transaction(database.source, (tx) => readChildren(tx, parent))).map(({ index }) => index)).toEqual([
      0, 1,
    ]);
  });

  it('are skipped when their machine has left, or is in no state for them any more', async () => {
    const [hostId, mother] = [newId(), newId()];
    const left = await take({ parent: { operationId: mother, index: 0 }, input: { fromHostId: hostId } });
    expect(await begin(left)).toEqual({ kind: 'ended' });
    expect(await stateOf(left)).toBe('skipped');
    await sql('UPDATE virtual_machine SET host_id = ? WHERE id = ?', [hostId, vmId]);
    const there = await take({ parent: { operationId: mother, index: 1 }, input: { fromHostId: hostId } });
    expect(await begin(there)).toMatchObject({ kind: 'run' });
    await ports().finishRun({ operationId: there, run: 1 }, 'succeeded');
    await sql("UPDATE virtual_machine SET state = 'Expunged' WHERE id = ?", [vmId]);
    const gone = await take({ parent: { operationId: mother, index: 2 }, input: {} });
    expect(await begin(gone)).toEqual({ kind: 'ended' });
    expect(await stateOf(gone)).toBe('skipped');
  });

  it('are cancelled together: what waits ends, what runs is asked', async () => {
    const mother = newId();
    const running = await take({ parent: { operationId: mother, index: 0 } });
    const waiting = await take({ parent: { operationId: mother, index: 1 } });
    await begin(running);
    const open = await cancelChildren(database.source, mother, 'the parent turned back');
    expect(open.map(({ id }) => id)).toEqual([running]);
    expect(await stateOf(waiting)).toBe('cancelled');
  });
});

describe('runs', () => {
  it('begin once per run, with generations that rise', async () => {
    const id = await take();
    const first = await ports().beginRun({ operationId: id, run: 1 });
    expect(await ports().beginRun({ operationId: id, run: 1 })).toEqual({ ...first, again: true });
    expect(await transaction(database.source, (tx) => markRunLost(tx, id, 1))).toBe(true);
    expect(await ports().beginRun({ operationId: id, run: 1 })).toEqual({ kind: 'superseded' });
    const second = await ports().beginRun({ operationId: id, run: 2 });
    expect(first.kind === 'run' && second.kind === 'run' && second.generation > first.generation).toBe(true);
    await expect(inStep(database.source, step(id, 1), () => Promise.resolve())).rejects.toMatchObject({
      code: 'SUPERSEDED',
    });
    await expect(ports().finishRun({ operationId: id, run: 1 }, 'succeeded')).rejects.toMatchObject({
      code: 'SUPERSEDED',
    });
    await inStep(database.source, step(id, 2), () => Promise.resolve());
  });

  it('refuse a late write of an earlier step, but for quick ones, which a crash repeats', async () => {
    const id = await take();
    await ports().beginRun({ operationId: id, run: 1 });
    const later = { ...step(id), index: 1, tokenStep: 2, count: 2 };
    const write = (ref: Parameters<typeof inStep>[1]) => inStep(database.source, ref, () => Promise.resolve('written'));
    expect(await write(step(id))).toBe('written');
    expect(await write(later)).toBe('written');
    await expect(write(step(id))).rejects.toMatchObject({ code: 'SUPERSEDED' });
    expect(await write({ ...step(id), quick: true })).toBe('written');
    expect(await write(later)).toBe('written');
    // The next run starts from the first step.
    await transaction(database.source, (tx) => markRunLost(tx, id, 1));
    await ports().beginRun({ operationId: id, run: 2 });
    expect(await write(step(id, 2))).toBe('written');
  });

  it('end at once when the resource is in no state for them any more', async () => {
    await transaction(database.source, (tx) =>
      tx.execute("UPDATE virtual_machine SET state = 'Destroyed' WHERE id = ?", [vmId]),
    );
    const id = await take();
    expect(await ports().beginRun({ operationId: id, run: 1 })).toEqual({ kind: 'ended' });
    expect(await sql('SELECT state, error_code AS code FROM operation WHERE id = ?', [id])).toEqual([
      { state: 'failed', code: 'NOT_ALLOWED_IN_STATE' },
    ]);
  });

  it('record the reason, undo and end as failed or cancelled', async () => {
    for (const [code, state] of [
      ['STEP_REFUSED', 'failed'],
      ['CANCELLED', 'cancelled'],
    ] as const) {
      const id = await take();
      const run = { operationId: id, run: 1 };
      await ports().beginRun(run);
      expect(await ports().setDirection(run, 'undoing', { code, message: 'm', step: 'S' })).toBe(true);
      await expect(inStep(database.source, step(id), () => Promise.resolve())).rejects.toMatchObject({
        code: 'SUPERSEDED',
      });
      await ports().finishRun(run, 'undone');
      expect(await stateOf(id)).toBe(state);
      expect(await vmState(vmId)).toBe('Running');
    }
  });

  it('that need attention keep their locks and fail what waits behind them', async () => {
    const [stuck, behind] = [await take(), await take()];
    await ports().beginRun({ operationId: stuck, run: 1 });
    await ports().needsAttention({ operationId: stuck, run: 1 }, { code: 'UNDO_FAILED', message: 'm' });
    expect([await stateOf(stuck), await stateOf(behind)]).toEqual(['needs-attention', 'failed']);
    await expect(take()).rejects.toMatchObject({ code: 'BUSY' });
  });
});

describe('needs attention', () => {
  const STUCK = { code: 'UNDO_FAILED', message: 'm', step: 'S' } as const;
  async function stuckOperation(direction?: 'past-pivot' | 'undoing', change: Partial<AcceptRequest> = {}) {
    const operationId = await take(change);
    const run = { operationId, run: 1 };
    await ports().beginRun(run);
    const reason = direction === 'undoing' ? { code: 'CANCELLED', message: 'wanted' } : undefined;
    if (direction) await ports().setDirection(run, direction, reason);
    await ports().needsAttention(run, STUCK);
    return operationId;
  }
  const decided = (operationId: string, decision: 'retry' | 'undo' | 'give-up') =>
    decide(database.source, { operationId, decision, by: 'acme/root' });
  const rowOf = async (operationId: string) =>
    (
      await sql<Record<string, unknown>>(
        'SELECT state, run, direction, error_code AS code FROM operation WHERE id = ?',
        [operationId],
      )
    )[0];

  it.each(['retry', 'undo'] as const)(
    '%s goes on with the undo in a new run, once, and ends for the first reason',
    async (decision) => {
      const id = await stuckOperation('undoing');
      expect(await rowOf(id)).toMatchObject({ state: 'needs-attention', code: 'UNDO_FAILED' });
      await Promise.all([decided(id, decision), decided(id, decision)]);
      expect(await rowOf(id)).toEqual({ state: 'granted', run: 2, direction: 'undoing', code: 'CANCELLED' });
      expect(await ports().beginRun({ operationId: id, run: 1 })).toEqual({ kind: 'superseded' });
      expect(await ports().beginRun({ operationId: id, run: 2 })).toMatchObject({ kind: 'run', direction: 'undoing' });
      await ports().finishRun({ operationId: id, run: 2 }, 'undone');
      expect(await stateOf(id)).toBe('cancelled');
      await decided(id, decision);
      await expect(decided(id, 'give-up')).rejects.toMatchObject({ code: 'NOT_ALLOWED_IN_STATE' });
    },
  );

  it('past the pivot: retry goes forward, undo is refused and says why', async () => {
    const id = await stuckOperation('past-pivot');
    await expect(decided(id, 'undo')).rejects.toMatchObject({
      code: 'TOO_LATE',
      message: expect.stringMatching(/“S”.*Retry it, or give it up/),
    });
    await decided(id, 'retry');
    expect(await rowOf(id)).toEqual({ state: 'granted', run: 2, direction: 'past-pivot', code: null });
  });

  it('give up frees what it held, makes the machine an error, and notes what may be left where', async () => {
    const hostId = newId();
    await transaction(database.source, (tx) =>
      tx.execute('UPDATE virtual_machine SET host_id = ? WHERE id = ?', [hostId, vmId]),
    );
    const id = await stuckOperation('past-pivot');
    await decided(id, 'give-up');
    await decided(id, 'give-up');
    expect(await rowOf(id)).toMatchObject({ state: 'failed', code: 'UNDO_FAILED' });
    expect(await vmState(vmId)).toBe('Error');
    expect(await sql('SELECT host_id AS hostId, operation_id AS op FROM virtual_machine WHERE id = ?', [vmId])).toEqual(
      [{ hostId, op: null }],
    );
    const remnants = () => transaction(database.source, readRemnants);
    expect((await remnants()).filter(({ resourceId }) => resourceId === vmId)).toMatchObject([
      { operationId: id, kind: 'domain', hostId },
    ]);
    const destroyed = await take({ command: destroy });
    await ports().beginRun({ operationId: destroyed, run: 1 });
    await ports().finishRun({ operationId: destroyed, run: 1 }, 'succeeded');
    expect((await remnants()).filter(({ resourceId }) => resourceId === vmId)).toEqual([]);
  });

  it('destroy is admitted, and takes over at once; also when it waited already', async () => {
    const stuck = await stuckOperation('undoing');
    const next = await take({ command: destroy });
    expect([await stateOf(stuck), await stateOf(next)]).toEqual(['failed', 'granted']);
    await cancelOperation(database.source, next, 'test');

    await transaction(database.source, (tx) =>
      tx.execute("UPDATE virtual_machine SET state = 'Running' WHERE id = ?", [vmId]),
    );
    const running = await take();
    await ports().beginRun({ operationId: running, run: 1 });
    const waiting = await take({ command: destroy });
    expect(await stateOf(waiting)).toBe('queued');
    await ports().needsAttention({ operationId: running, run: 1 }, STUCK);
    expect([await stateOf(running), await stateOf(waiting)]).toEqual(['failed', 'granted']);
  });

  it('holds up nobody who only shares what it shares', async () => {
    const network = { type: 'network', id: networkId } as const;
    await stuckOperation('undoing', { locks: [{ type: 'virtual-machine', id: vmId }, network] });
    const other = newId();
    await transaction(database.source, (tx) => insertVm(tx, other));
    const vm = { type: 'virtual-machine', id: other } as const;
    expect(await stateOf(await take({ resource: vm, locks: [vm, network] }))).toBe('granted');
    await expect(take({ command: removeNetwork, resource: network, locks: [network] })).rejects.toMatchObject({
      code: 'BUSY',
    });
  });

  it('is refused to operations that do not need it, and to unknown ones', async () => {
    const id = await take();
    await expect(decided(id, 'retry')).rejects.toMatchObject({ code: 'NOT_ALLOWED_IN_STATE' });
    await expect(decided(newId(), 'retry')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('cancel', () => {
  it('ends what is queued or granted, and asks what runs', async () => {
    const [running, queued] = [await take(), await take()];
    await ports().beginRun({ operationId: running, run: 1 });
    expect(await cancelOperation(database.source, queued, 'test')).toBe('cancelled');
    expect(await cancelOperation(database.source, running, 'test')).toBe('requested');
    expect(await cancelOperation(database.source, queued, 'test')).toBe('already-ended');
    await ports().setDirection({ operationId: running, run: 1 }, 'past-pivot');
    await expect(cancelOperation(database.source, running, 'test')).rejects.toMatchObject({ code: 'TOO_LATE' });
  });

  it('is what destroy does to everything before it, and then it runs next', async () => {
    const [running, queued] = [await take(), await take()];
    await ports().beginRun({ operationId: running, run: 1 });
    const last = await take({ command: destroy });
    expect([await stateOf(running), await stateOf(queued), await stateOf(last)]).toEqual([
      'running',
      'cancelled',
      'queued',
    ]);
    await ports().setDirection({ operationId: running, run: 1 }, 'undoing', { code: 'CANCELLED', message: 'm' });
    await ports().finishRun({ operationId: running, run: 1 }, 'undone');
    expect(await stateOf(last)).toBe('granted');
  });
});

it('grants again what was forgotten', async () => {
  const [first, second] = [await take(), await take()];
  await transaction(database.source, async (tx) => {
    await tx.execute('DELETE FROM operation_lock WHERE operation_id = ?', [first]);
    await tx.execute("UPDATE operation SET state = 'failed' WHERE id = ?", [first]);
  });
  expect(await stateOf(second)).toBe('queued');
  await grantForgotten(database.source);
  expect(await stateOf(second)).toBe('granted');
});
