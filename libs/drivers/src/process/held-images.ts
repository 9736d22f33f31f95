/**
 * Images that a QEMU of no machine holds open for writing, so that no other QEMU can: the very lock that a machine's
 * QEMU takes, by the same code. Each holder is a process of its own without processors or memory for a guest; it
 * outlives the agent, and is found again by its pid file.
 *
 * A holder changes nothing in the image: it reads the header, takes the lock, and stands still.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DurastackError } from '@durastack/contracts/errors';
import { endProcess, findByPidFile } from './detached.js';
import { run } from './run.js';

/** A holder that is not there by then will not come: its storage hangs. */
const START_MS = 15_000;
/** What QEMU says when somebody else has the lock. */
const REFUSED = /Failed to get (shared )?"[^"]+" lock/;

/** An image, and for how long it is to be held at the longest. */
export interface HoldOrder {
  /** Names the hold; file-name safe. */
  readonly key: string;
  /** The qcow2 file. */
  readonly path: string;
  readonly lastsMs: number;
}

/** See the module's head. One per host. */
export class HeldImages {
  /** @param directory of their pid files; the agent's own */
  constructor(private readonly directory: string) {}

  /**
   * Holds the image; one that is held under this key already is held for longer.
   *
   * @returns whether it is held now; if not, somebody else has it open
   * @throws DurastackError `STEP_REFUSED` when QEMU cannot open it for another reason, `TIMEOUT` when its storage hangs
   */
  async hold({ key, path, lastsMs }: HoldOrder): Promise<boolean> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const until = String(Date.now() + lastsMs);
    if ((await findByPidFile(this.pidFile(key), this.pidFile(key))) !== undefined) {
      await writeFile(this.untilFile(key), until);
      return true;
    }
    // Before the process: one whose end is not written down would stay for ever.
    await writeFile(this.untilFile(key), until);
    try {
      await run('qemu-system-x86_64', holderArguments(path, this.pidFile(key)), { timeoutMs: START_MS });
      return true;
    } catch (error) {
      await this.letGo(key);
      if (error instanceof DurastackError && REFUSED.test(String(error.details['stderr']))) return false;
      throw error;
    }
  }

  /** The image is held under this key no longer. */
  async letGo(key: string): Promise<void> {
    const pid = await findByPidFile(this.pidFile(key), this.pidFile(key));
    if (pid !== undefined) await endProcess(pid, this.pidFile(key));
    await rm(this.pidFile(key), { force: true });
    await rm(this.untilFile(key), { force: true });
  }

  /** Lets go of what nobody has asked for again in time. */
  async letGoOfOverdue(): Promise<void> {
    const names = await readdir(this.directory).catch(() => []);
    for (const name of names.filter((one) => one.endsWith('.until'))) {
      const until = Number(await readFile(join(this.directory, name), 'utf8'));
      if (!(until > Date.now())) await this.letGo(name.slice(0, -'.until'.length));
    }
  }

  private pidFile(key: string): string {
    return join(this.directory, `${key}.pid`);
  }

  private untilFile(key: string): string {
    return join(this.directory, `${key}.until`);
  }
}

/** It goes to the background once it has everything open: its first process ends well then, and badly otherwise. */
function holderArguments(path: string, pidFile: string): string[] {
  const node = {
    ...{ driver: 'qcow2', 'node-name': 'held', 'read-only': false, backing: null },
    file: { driver: 'file', filename: path, locking: 'on' },
  };
  const bare = ['-S', '-machine', 'none', '-nodefaults', '-no-user-config', '-display', 'none', '-accel', 'tcg'];
  return [...bare, '-blockdev', JSON.stringify(node), '-daemonize', '-pidfile', pidFile];
}
