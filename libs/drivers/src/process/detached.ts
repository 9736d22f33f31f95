/** Long-lived helper processes that outlive the agent: started detached, found again by pid file and command line. */
import { spawn } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import { systemPath } from './run.js';

/** What {@link startDetached} starts. */
export interface DetachedProcess {
  readonly file: string;
  readonly args: readonly string[];
  /** Standard output and error are appended here. */
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts a process in a session of its own, so that neither the agent's end nor its signals reach it.
 *
 * @returns its pid
 * @throws DurastackError `ENVIRONMENT` when the program cannot be started
 */
export async function startDetached(process_: DetachedProcess): Promise<number> {
  const log = openSync(process_.logFile, 'a', 0o600);
  try {
    const child = spawn(process_.file, [...process_.args], {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...process_.env, PATH: systemPath() },
      cwd: '/',
    });
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (cause) =>
        reject(new DurastackError('ENVIRONMENT', `${process_.file} could not be started; is it installed?`, { cause })),
      );
      child.once('spawn', () => {
        child.unref();
        resolve(child.pid ?? 0);
      });
    });
  } finally {
    closeSync(log);
  }
}

/** Whether the process still runs. One that is ending counts until its files are closed; a zombie does not. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // `pid (name) state …`; the name may hold anything.
    const state = stat.slice(stat.lastIndexOf(')') + 2)[0];
    return state !== 'Z' && state !== 'X';
  } catch {
    // Gone: /proc has no such entry any more.
    return false;
  }
}

/** A process's command line; empty when there is no such process, and when it is ending. */
export async function commandLine(pid: number): Promise<readonly string[]> {
  try {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return text.split('\0').filter((word) => word !== '');
  } catch {
    // Gone: /proc has no such entry any more.
    return [];
  }
}

/**
 * The pid in `pidFile` when that process lives and its command line contains `mark` (a path or name that only our own
 * process carries: pids are reused); undefined otherwise.
 */
export async function findByPidFile(pidFile: string, mark: string): Promise<number | undefined> {
  const text = await readFile(pidFile, 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  return (await commandLine(pid)).some((word) => word.includes(mark)) ? pid : undefined;
}

/**
 * Ends one process: SIGTERM, and SIGKILL when it still lives after `graceMs`.
 *
 * @param mark as for {@link findByPidFile}: looked at before each signal
 */
export async function endProcess(pid: number, mark: string, graceMs = 5_000): Promise<void> {
  const isOurs = async (): Promise<boolean> => (await commandLine(pid)).some((word) => word.includes(mark));
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await isOurs())) return;
    try {
      process.kill(pid, signal);
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ESRCH') return;
      throw new DurastackError('ENVIRONMENT', `Process ${pid} could not be signalled; run as root`, { cause });
    }
    const deadline = Date.now() + graceMs;
    while (Date.now() < deadline && (await isRunning(pid))) await sleep(20);
  }
  if (await isOurs()) throw new DurastackError('BACKEND_BUSY', `Process ${pid} does not end, even after SIGKILL`);
}
