import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { newTurn } from '../../turn.js';
import { OngoingPostCopies } from './ongoing-post-copies.js';
import { whyNoPostCopy, type PageFaultRights } from './post-copy.js';

const QEMU = { uid: 64_055, gid: 108 };
const ROOTS_DEVICE = { uid: 0, gid: 0, mode: 0o600 };
const host = (more: Partial<PageFaultRights>): PageFaultRights => ({
  ...{ user: QEMU, qemuVersion: '7.2.22', unprivileged: '0\n', device: ROOTS_DEVICE },
  ...more,
});

describe('whether a host can run a guest before its memory is complete', () => {
  it.each([
    ['a kernel without userfaultfd', { unprivileged: undefined }, /kernel without userfaultfd/],
    ['root alone, and QEMU is somebody else', {}, /sysctl vm\.unprivileged_userfaultfd=1/],
    ['root alone, and QEMU is root', { user: { uid: 0, gid: 0 } }, undefined],
    ['everybody', { unprivileged: '1\n' }, undefined],
    ['a device of its group, which its QEMU does not know', { device: { uid: 0, gid: 108, mode: 0o660 } }, /sysctl/],
    [
      'a device of its group, and a QEMU that knows it',
      { qemuVersion: '8.2.0', device: { uid: 0, gid: 108, mode: 0o660 } },
      undefined,
    ],
    ['a device for root alone, and a QEMU that knows it', { qemuVersion: '10.0.2' }, /sysctl/],
    ['no device, and a QEMU that would know it', { qemuVersion: '10.0.2', device: undefined }, /sysctl/],
  ] as const)('%s', (_what, more, reason) => {
    if (reason === undefined) expect(whyNoPostCopy(host(more))).toBeUndefined();
    else expect(whyNoPostCopy(host(more))).toMatch(reason);
  });
});

describe('a verb that goes on by itself', () => {
  it('is told of an end until then, and never after', async () => {
    const stop = new AbortController();
    const [one, other] = [newTurn<string>(stop.signal), newTurn<string>(stop.signal)];
    one.take('gone');
    stop.abort(new Error('stop'));
    expect(await one.taken).toBe('gone');
    expect([one.signal.aborted, other.signal.aborted]).toEqual([false, true]);
    expect(newTurn<string>(stop.signal).signal.aborted).toBe(true);
  });

  it('is waited for by an agent that is told to stop, however it ends', async () => {
    const ongoing = new OngoingPostCopies();
    await ongoing.ended();
    let [arrive, fail]: [() => void, (error: Error) => void] = [() => undefined, () => undefined];
    ongoing.begin('one', new Promise<void>((resolve) => (arrive = resolve)));
    ongoing.begin('other', new Promise<void>((_resolve, reject) => (fail = reject)));
    let stopped = false;
    const ended = ongoing.ended().then(() => (stopped = true));
    fail(new Error('broken'));
    await sleep(20);
    expect(stopped).toBe(false);
    arrive();
    await ended;
  });
});
