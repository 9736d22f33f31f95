import { DurastackError } from '@durastack/contracts/errors';
import { beforeEach, describe, expect, it } from 'vitest';
import { HostCalls } from './host-calls.js';

let nowMs: number;
let calls: HostCalls;
beforeEach(() => {
  nowMs = 1_000;
  calls = new HostCalls(() => nowMs);
});

/** A call that hangs until it is let go. */
function hang(hostId: string) {
  let letGo = (_error?: Error) => {};
  const body = new Promise<void>((resolve, reject) => {
    letGo = (error) => (error ? reject(error) : resolve());
  });
  const ended = calls
    .run(hostId, () => body, { answered: () => false, patienceMs: 0 })
    .catch((error: unknown) => error);
  return { ended, letGo };
}
const answer = (hostId: string, patienceMs = 0) =>
  calls.run(hostId, () => Promise.resolve('ok'), { answered: () => true, patienceMs });

describe('a host that hangs', () => {
  it('counts as silent after a while, until it answers', async () => {
    const first = hang('h');
    nowMs += 4_000;
    expect(calls.silent()).toEqual(new Set());
    nowMs += 2_000;
    expect(calls.silent()).toEqual(new Set(['h']));
    expect(calls.answering()).toEqual(new Set());
    await answer('h');
    expect(calls.silent()).toEqual(new Set());
    expect(calls.answering()).toEqual(new Set(['h']));
    first.letGo();
    await first.ended;
  });

  it('counts as silent also when it answered something after its oldest call', async () => {
    hang('h');
    nowMs += 1_000;
    await answer('h');
    nowMs += 1_000;
    hang('h');
    nowMs += 6_000;
    expect(calls.silent()).toEqual(new Set(['h']));
  });

  it('is asked again only now and then, and by a few calls', async () => {
    hang('h');
    nowMs += 6_000;
    hang('h');
    await expect(answer('h')).rejects.toMatchObject({ code: 'BACKEND_BUSY' });
    nowMs += 3_000;
    hang('h');
    nowMs += 30_000;
    await expect(answer('h')).rejects.toMatchObject({ code: 'BACKEND_BUSY' });
  });

  it('is waited for in turn, and what waits goes on as soon as it answers', async () => {
    const first = hang('h');
    nowMs += 6_000;
    hang('h');
    const waiting = Promise.all([answer('h', 60_000), answer('h', 60_000)]);
    first.letGo();
    expect(await waiting).toEqual(['ok', 'ok']);
  });

  it('is not waited for any more once the worker stops', async () => {
    hang('h');
    nowMs += 6_000;
    hang('h');
    const waiting = answer('h', 60_000);
    calls.stop();
    await expect(waiting).rejects.toMatchObject({ code: 'BACKEND_BUSY' });
  });

  it('is silent from the first call that does not reach it', async () => {
    const first = hang('h');
    first.letGo(new DurastackError('HOST_UNREACHABLE', 'gone'));
    await first.ended;
    expect(calls.silent()).toEqual(new Set(['h']));
    await answer('h');
    expect(calls.silent()).toEqual(new Set());
  });
});

it('all silent hosts together hold a bounded number of calls, and healthy ones are not concerned', async () => {
  const hosts = Array.from({ length: 400 }, (_, index) => `h${index}`);
  for (const host of hosts.slice(0, 300)) hang(host);
  nowMs += 6_000;
  expect(calls.silent().size).toBe(300);
  await expect(answer('h0')).rejects.toMatchObject({ code: 'BACKEND_BUSY' });
  expect(await answer('h399')).toBe('ok');
});
