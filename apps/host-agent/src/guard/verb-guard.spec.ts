import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tokenOf } from '../agent-fixture.js';
import { Ledger, openLedgerFile, type LedgerFile } from '../ledger/ledger.js';
import { VerbGuard, type VerbOrder } from './verb-guard.js';

let directory: string;
let file: LedgerFile;
let guard: VerbGuard;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'durastack-guard-'));
  file = await openLedgerFile(join(directory, 'ledger.log'), true);
  guard = new VerbGuard(new Ledger(file, 'host'));
});
afterEach(async () => {
  await file.close();
  rmSync(directory, { recursive: true });
});

/** A verb that runs until it is let go, and heeds its signal. */
function order(generation: number, rest: Partial<VerbOrder<string>> = {}) {
  const log: string[] = [];
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const act = async (signal: AbortSignal): Promise<string> => {
    log.push('begun');
    await new Promise<void>((resolve, reject) => {
      void released.then(resolve);
      signal.addEventListener('abort', () => reject(new DOMException('stopped', 'AbortError')));
    });
    log.push('done');
    return `by ${generation}`;
  };
  const base = { verb: 'ensureVmRunning', resource: 'virtual-machine:1', kind: 'exclusive' as const, fingerprint: 'a' };
  return { log, release, order: { ...base, token: tokenOf(generation), act, ...rest } };
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

describe('verb guard', () => {
  it('runs one verb per resource at a time, and others beside it', async () => {
    const [first, other] = [order(1), order(1, { resource: 'virtual-machine:2' })];
    const second = order(1, { verb: 'ensureVmStopped' });
    const attempts = [first, other, second].map((each) => guard.admit(each.order));
    await soon();
    expect([first.log, other.log, second.log]).toEqual([['begun'], ['begun'], []]);
    for (const each of [first, other, second]) each.release();
    await Promise.all(attempts.map(({ ended }) => ended));
    expect(guard.activeCount).toBe(0);
  });

  it('joins the same call under the same token', async () => {
    const [first, retry] = [order(1), order(1)];
    const attempts = [guard.admit(first.order), guard.admit(retry.order)];
    await soon();
    first.release();
    expect(await Promise.all(attempts.map(({ ended }) => ended))).toEqual(['by 1', 'by 1']);
    expect(retry.log).toEqual([]);
  });

  it('lets a newer token stop an older verb, and act after that', async () => {
    const [old, newer] = [order(1), order(2)];
    const oldAttempt = guard.admit(old.order);
    await soon();
    const newAttempt = guard.admit(newer.order);
    newer.release();
    await expect(oldAttempt.ended).rejects.toMatchObject({ code: 'STALE_TOKEN' });
    expect(await newAttempt.ended).toBe('by 2');
    expect(() => guard.admit(order(1).order)).toThrow(/older than token 0.2.0/);
  });

  it('answers the announcement of an epoch when everything older has ended', async () => {
    const old = order(9);
    const attempt = guard.admit(old.order);
    await soon();
    await guard.adoptEpoch(2);
    expect(guard.activeCount).toBe(0);
    await expect(attempt.ended).rejects.toMatchObject({ code: 'STALE_TOKEN' });
    expect(() => guard.admit(order(10).order)).toThrow(/epoch/);
    const next = order(1, { token: tokenOf(1, 1, 2) });
    next.release();
    expect(await guard.admit(next.order).ended).toBe('by 1');
  });

  it('never runs what became stale while it waited', async () => {
    const [running, waiting, newest] = [order(1), order(2), order(3)];
    const attempts = [running, waiting, newest].map((each) => guard.admit(each.order));
    newest.release();
    const outcomes = await Promise.allSettled(attempts.map(({ ended }) => ended));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    expect(waiting.log).toEqual([]);
  });

  it('lets shared verbs of several operations follow each other, older ones too', async () => {
    const kind = 'shared';
    const [newer, older] = [order(5, { kind }), order(3, { kind })];
    const attempts = [guard.admit(newer.order), guard.admit(older.order)];
    await soon();
    expect(older.log).toEqual([]);
    newer.release();
    older.release();
    expect(await Promise.all(attempts.map(({ ended }) => ended))).toEqual(['by 5', 'by 3']);
    // A removal is judged against everything that was seen; what comes after it is judged against the removal.
    expect(() => guard.admit(order(4).order)).toThrow(/older/);
    const removal = order(6);
    removal.release();
    await guard.admit(removal.order).ended;
    expect(() => guard.admit(order(5, { kind }).order)).toThrow(/older/);
  });

  it('stops everything of an older control epoch on the whole host', async () => {
    const old = order(9);
    const attempt = guard.admit(old.order);
    const restored = order(1, { resource: 'volume:1', token: tokenOf(1, 0, 1) });
    restored.release();
    await guard.admit(restored.order).ended;
    await expect(attempt.ended).rejects.toMatchObject({ code: 'STALE_TOKEN' });
    expect(() => guard.admit(order(10, { resource: 'volume:2' }).order)).toThrow(/epoch 0 has been replaced by 1/);
  });
});
