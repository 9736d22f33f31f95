/** The worker: runs workflows and activities, and the loops that start and repair them. */
import { setPriority } from 'node:os';
import { isDurastackError } from '@durastack/contracts/errors';
import { loadConfig } from '@durastack/kit/config/load-config';
import { createLogger } from '@durastack/kit/log/logger';
import { workerConfig } from './config.js';
import { runWorker } from './worker.js';

/** Callers wait for the API, nobody for the worker: on a busy machine it comes after the API and its database. */
const NICENESS = 5;

try {
  setPriority(NICENESS);
  const config = loadConfig(workerConfig, process.env);
  const log = createLogger('worker', config.logLevel);
  const worker = await runWorker(config, log);
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    void worker.stop();
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  await worker.ended;
} catch (error) {
  process.stderr.write(
    `worker: ${isDurastackError(error) ? error.message : String(error instanceof Error ? (error.stack ?? error.message) : error)}\n`,
  );
  process.exit(1);
}
process.exit(0);
