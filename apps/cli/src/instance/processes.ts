/** The long-running processes of an instance: detached, each with its log, ended by pid and start time only. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import type { PartName, ProcessRecord } from './instance-file.js';
import { explainFullDisk } from '../system/network-failure.js';
import { readOfProcess, readStat } from '../system/proc.js';
import { tellingLine } from './log-file.js';

const LOG_ROTATION_BYTES = 20 * 1024 * 1024;
const POLL_MS = 25;

/** A process to start. */
export interface ProcessPlan {
  readonly name: PartName;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly logFile: string;
  /** How much it gives way to others on a busy machine; default 0. */
  readonly niceness?: number;
}

/** A process that was just started. */
export interface StartedProcess {
  readonly record: ProcessRecord;
  /** The exit code or signal when it has ended. */
  ended(): string | undefined;
  /** The line of its log since the start that tells most about a failure. */
  said(): string;
}

/** The id of this boot of the machine. */
export function currentBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Start time of a process in ticks since boot; undefined when it does not exist or is a zombie. */
export function startTimeOf(pid: number): string | undefined {
  const stat = readStat(pid);
  return stat === undefined || stat.state === 'Z' || stat.state === 'X' ? undefined : stat.startTime;
}

/** What tells a process from any other, also one that has its pid later. */
export type ProcessIdentity = Pick<ProcessRecord, 'pid' | 'startTime' | 'bootId'>;

/** The identity of a process that runs; undefined when none has that pid. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = startTimeOf(pid);
  return startTime === undefined ? undefined : { pid, startTime, bootId: currentBootId() };
}

/** Whether the very process of the record runs: same boot, same pid, same start time. */
export function isRunning<T extends ProcessIdentity>(record: T | undefined): record is T {
  return record !== undefined && record.bootId === currentBootId() && startTimeOf(record.pid) === record.startTime;
}

/** Describes a process that runs, so that it can be recognised later. */
export function recordOf(name: PartName, pid: number): ProcessRecord {
  const startTime = startTimeOf(pid);
  if (startTime === undefined) {
    throw new DurastackError('ENVIRONMENT', `The process of ${name} (pid ${pid}) ended while it was starting.`);
  }
  return { name, pid, startTime, bootId: currentBootId(), startedAt: new Date().toISOString() };
}

/** Resident memory of a process in MiB, or null when it does not run. */
export function residentMib(pid: number): number | null {
  const rss = /^VmRSS:\s+(\d+) kB$/m.exec(readOfProcess(pid, 'status') ?? '')?.[1];
  return rss === undefined ? null : Math.round(Number(rss) / 1024);
}

/**
 * Starts a process that outlives this one.
 *
 * @throws ENVIRONMENT when the program cannot be started
 */
export async function startProcess(plan: ProcessPlan): Promise<StartedProcess> {
  rotate(plan.logFile);
  const log = openSync(plan.logFile, 'a', 0o600);
  const logStart = statSync(plan.logFile).size;
  const child = spawn(plan.command, plan.args, {
    cwd: plan.cwd,
    env: plan.env,
    detached: true,
    stdio: ['ignore', log, log],
  });
  let end: string | undefined;
  child.on('exit', (code, signal) => (end = signal ?? `exit code ${code}`));
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
  } catch (error) {
    throw new DurastackError('ENVIRONMENT', `${plan.name} cannot be started: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    closeSync(log);
  }
  child.unref();
  const pid = child.pid as number;
  if (plan.niceness !== undefined) setPriority(pid, plan.niceness);
  const startTime = startTimeOf(pid) ?? '0';
  const record = { name: plan.name, pid, startTime, bootId: currentBootId(), startedAt: new Date().toISOString() };
  return { record, ended: () => end, said: () => tellingLine(plan.logFile, logStart) };
}

/**
 * Waits until a started process answers.
 *
 * @param probe true once it answers; may throw while it does not
 * @throws ENVIRONMENT with the telling line of its log when it ended or does not answer in time
 */
export async function waitUntilReady(
  started: StartedProcess,
  probe: () => Promise<boolean>,
  timeoutMs: number,
): Promise<void> {
  const { name } = started.record;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (started.ended() !== undefined) {
      const said = started.said();
      const why = explainFullDisk(said) ?? said;
      throw new DurastackError('ENVIRONMENT', `${name} ended at start (${started.ended()}): ${why}`);
    }
    if (await answers(probe)) return;
    if (performance.now() > deadline) {
      const message = `${name} did not answer within ${Math.round(timeoutMs / 1000)} s: ${started.said()}`;
      throw new DurastackError('ENVIRONMENT', message);
    }
    await sleep(POLL_MS);
  }
}

/** "Not yet" and "refused" are the same to one who waits; the deadline of the caller tells them apart. */
async function answers(probe: () => Promise<boolean>): Promise<boolean> {
  try {
    return await probe();
  } catch (error) {
    if (error instanceof DurastackError && error.code !== 'HOST_UNREACHABLE') throw error;
    return false;
  }
}

/**
 * Ends a process: asks first, then kills. Does nothing when the pid belongs to another process by now.
 *
 * @param graceMs how long it may take to end by itself
 */
export async function stopProcess(record: ProcessIdentity, graceMs = 15_000): Promise<void> {
  if (!isRunning(record)) return;
  signal(record, 'SIGTERM');
  const deadline = performance.now() + graceMs;
  while (isRunning(record) && performance.now() < deadline) await sleep(POLL_MS);
  await killProcess(record);
}

/** Ends a process without asking. Does nothing when the pid belongs to another process by now. */
export async function killProcess(record: ProcessIdentity): Promise<void> {
  if (!isRunning(record)) return;
  signal(record, 'SIGKILL');
  while (isRunning(record)) await sleep(POLL_MS);
}

function signal(record: ProcessIdentity, name: NodeJS.Signals): void {
  try {
    process.kill(record.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function rotate(logFile: string): void {
  if (existsSync(logFile) && statSync(logFile).size > LOG_ROTATION_BYTES) renameSync(logFile, `${logFile}.1`);
}
