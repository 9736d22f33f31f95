/** The instance's Temporal: the dev server on a file, on loopback. Its web UI has no login, so it never leaves it. */
import { join } from 'node:path';
import { startProcess, waitUntilReady, type StartedProcess } from '../instance/processes.js';

const READY_TIMEOUT_MS = 60_000;
/** The namespace of an embedded instance. */
export const TEMPORAL_NAMESPACE = 'default';
const LOOPBACK = '127.0.0.1';

/** How the server is started. */
export interface TemporalServerPlan {
  readonly binary: string;
  readonly directory: string;
  readonly logFile: string;
  readonly port: number;
  readonly uiPort: number;
}

/** As the worker: callers wait for the API, not for it. */
export const TEMPORAL_NICENESS = 5;

/**
 * Starts the server and waits until its namespace answers.
 *
 * @param started is told of the process before it is ready, so that a failed start can be undone
 * @throws ENVIRONMENT when it does not come up
 */
export async function startTemporal(
  plan: TemporalServerPlan,
  started: (process: StartedProcess) => void,
): Promise<void> {
  const process = await startProcess({
    name: 'temporal',
    command: plan.binary,
    args: [
      ...['server', 'start-dev', '--ip', LOOPBACK, '--port', String(plan.port)],
      ...['--ui-ip', LOOPBACK, '--ui-port', String(plan.uiPort), '--namespace', TEMPORAL_NAMESPACE],
      ...['--db-filename', join(plan.directory, 'temporal.db')],
      ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=1'],
      ...['--log-level', 'warn', '--log-format', 'json'],
    ],
    // It would read the user's own Temporal profile otherwise, and there may be no home directory.
    env: { PATH: globalThis.process.env['PATH'], HOME: plan.directory },
    cwd: plan.directory,
    logFile: plan.logFile,
    niceness: TEMPORAL_NICENESS,
  });
  started(process);
  await waitUntilReady(process, () => temporalAnswers(plan.uiPort), READY_TIMEOUT_MS);
}

/** Whether it answers. The UI's server asks the frontend for the namespace, so its answer shows that both work. */
export async function temporalAnswers(uiPort: number): Promise<boolean> {
  const url = `http://${LOOPBACK}:${uiPort}/api/v1/namespaces/${TEMPORAL_NAMESPACE}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.body?.cancel();
  return response.ok;
}

/** The page of a workflow in the web UI. */
export function workflowPage(uiUrl: string, workflowId: string): string {
  return `${uiUrl}/namespaces/${TEMPORAL_NAMESPACE}/workflows/${encodeURIComponent(workflowId)}`;
}
