import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { run } from '../../process/run.js';
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

describe('a real QEMU that waits for a guest', () => {
  const QEMU_PROGRAM = 'qemu-system-x86_64';

  /** What it says when it is to let the guest run before its memory is complete, as libvirt asks it at the beginning. */
  const asked = async ({ uid, gid }: PageFaultRights['user']): Promise<string> => {
    const idle = ['-M', 'q35', '-accel', 'tcg', '-m', '32', '-display', 'none', '-nodefaults', '-S'];
    const qemu = spawn(QEMU_PROGRAM, [...idle, '-incoming', 'defer', '-qmp', 'stdio'], {
      ...{ uid, gid, cwd: '/' },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const postCopy = { capabilities: [{ capability: 'postcopy-ram', state: true }] };
    const commands = [
      { execute: 'qmp_capabilities' },
      { execute: 'migrate-set-capabilities', arguments: postCopy },
      { execute: 'quit' },
    ];
    qemu.stdin.write(commands.map((command) => `${JSON.stringify(command)}\n`).join(''));
    return text(qemu.stdout);
  };

  it.each([
    { whose: 'root', user: async () => ({ uid: 0, gid: 0 }) },
    {
      whose: 'a user of its own',
      user: async () => ({ uid: Number(await run('id', ['-u', 'libvirt-qemu'])), gid: QEMU.gid }),
    },
  ])('does as was foretold, where it belongs to $whose', async ({ user: userOf }) => {
    const user = await userOf();
    const [, qemuVersion = ''] = /version ([\d.]+)/.exec(await run(QEMU_PROGRAM, ['--version'])) ?? [];
    const unprivileged = await readFile('/proc/sys/vm/unprivileged_userfaultfd', 'utf8');
    const device = await stat('/dev/userfaultfd').catch(() => undefined);
    const why = whyNoPostCopy({ user, qemuVersion, unprivileged, device });
    const said = await asked(user);
    expect(said).toContain('"return"');
    expect(said.includes('"error"')).toBe(why !== undefined);
    expect(/Postcopy is not supported/i.test(said)).toBe(why !== undefined);
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
