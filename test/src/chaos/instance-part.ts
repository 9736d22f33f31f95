/** Parts of an instance of `dura up` or `dura lab up`, which keeps what runs in its file. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Home } from '@durastack/cli/instance/home';
import { InstanceFile, type PartName } from '@durastack/cli/instance/instance-file';
import { isRunning } from '@durastack/cli/instance/processes';
import { DurastackError } from '@durastack/contracts/errors';
import type { Part } from './world.js';

const GONE_POLL_MS = 20;

/** @param up starts whatever of the instance does not run; several at once wait for each other */
export function instancePart(name: PartName, home: Home, up: () => Promise<unknown>): Part {
  const record = () => {
    const found = InstanceFile.open(home).process(name);
    return isRunning(found) ? found : undefined;
  };
  const signal = async (what: NodeJS.Signals): Promise<void> => {
    const found = record();
    if (found !== undefined) process.kill(found.pid, what);
  };
  return {
    alive: async () => record() !== undefined,
    async kill() {
      await signal('SIGKILL');
      while (record() !== undefined) await sleep(GONE_POLL_MS);
    },
    async start() {
      await up();
      if (record() === undefined) throw new DurastackError('ENVIRONMENT', `${name} does not run after it was started.`);
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    log() {
      const file = join(home.logs, `${name}.log`);
      return existsSync(file) ? readFileSync(file, 'utf8').slice(-4_000) : '';
    },
  };
}
