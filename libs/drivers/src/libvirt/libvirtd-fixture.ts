/**
 * A real private libvirtd for a spec: own directories and network namespace, the capability cache shared so that only
 * the first waits.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from '../process/detached.js';
import { run } from '../process/run.js';
import { startPrivateLibvirtd, stopPrivateLibvirtd, type PrivateLibvirtd } from './private-libvirtd.js';

/** What {@link startLibvirtdFixture} gives. */
export interface LibvirtdFixture extends PrivateLibvirtd {
  /** A temporary directory, removed at the end; the daemon's files are in `lv` below it. */
  readonly dir: string;
  /** A name that no other fixture on this machine has, at most 8 characters. */
  readonly instance: string;
  /** The network namespace in which its taps and the spec's bridges lie. */
  readonly networkNamespace: string;
  /** Kills the daemon; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts the daemon again after it was killed. */
  restart(): Promise<PrivateLibvirtd>;
  /** Ends the daemon and removes its files. Its machines must be gone. */
  end(): Promise<void>;
}

/**
 * Starts a private libvirtd; call its `end` in `afterAll`.
 *
 * @param env added to the daemon's environment
 * @param qemuConf lines of its `qemu.conf` instead of the private instance's
 */
export async function startLibvirtdFixture(
  env?: Readonly<Record<string, string>>,
  qemuConf?: readonly string[],
): Promise<LibvirtdFixture> {
  const dir = await mkdtemp(join(tmpdir(), 'dura-lv-'));
  const instance = `t${process.pid.toString(36)}${Math.floor(Math.random() * 1296).toString(36)}`.slice(0, 8);
  const networkNamespace = `dura-${instance}`;
  await run('ip', ['netns', 'add', networkNamespace]);
  await run('ip', ['-n', networkNamespace, 'link', 'set', 'lo', 'up']);
  // What libvirt learns of an emulator depends on the user that it runs as.
  const cacheDir = join(tmpdir(), `durastack-libvirt-cache${qemuConf ? '-user' : ''}`);
  const options = {
    dir: join(dir, 'lv'),
    instance,
    cacheDir,
    networkNamespace,
    ...(env ? { env } : {}),
    ...(qemuConf ? { qemuConf } : {}),
  };
  const end = async (): Promise<void> => {
    await stopPrivateLibvirtd(options);
    // What a failed test left there is ours too: machines, DHCP servers.
    const pids = (await run('ip', ['netns', 'pids', networkNamespace])).split('\n').filter((pid) => pid !== '');
    for (const pid of pids) endIfThere(Number(pid));
    await run('ip', ['netns', 'delete', networkNamespace]);
    await rm(dir, { recursive: true, force: true });
  };
  const started = await startPrivateLibvirtd(options).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  return {
    ...started,
    dir,
    instance,
    networkNamespace,
    kill: async () => {
      const { pid } = await startPrivateLibvirtd(options);
      process.kill(pid, 'SIGKILL');
      while (await isRunning(pid)) await sleep(10);
    },
    restart: () => startPrivateLibvirtd(options),
    end,
  };
}

/** It may have ended since it was listed. */
function endIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
