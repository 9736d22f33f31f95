/** Processes of the tests: started with their own log, ended by the id they were started with. */
import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import { endTogether } from './interruption.js';

/** How a process is started. */
export interface ChildPlan {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly niceness?: number;
  /** Asked until it says true. */
  readonly ready: () => Promise<boolean>;
}

/** A process that can be killed and started again as it was. */
export class Child {
  private process: ChildProcess | undefined;

  constructor(private readonly plan: ChildPlan) {}

  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** Whether it exists; a paused one does. */
  get alive(): boolean {
    return this.process !== undefined && this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Starts it and waits until it is ready. ENVIRONMENT with the end of its log when it is not within 120 s. */
  async start(): Promise<void> {
    const log = openSync(this.plan.logFile, 'a');
    const child = spawn(this.plan.command, [...this.plan.args], {
      env: { PATH: process.env['PATH'] ?? '', ...this.plan.env },
      stdio: ['ignore', log, log],
    });
    this.process = child;
    endTogether(child);
    if (this.plan.niceness !== undefined && child.pid !== undefined) setPriority(child.pid, this.plan.niceness);
    const until = Date.now() + 120_000;
    while (Date.now() < until && child.exitCode === null && child.signalCode === null) {
      if (await this.plan.ready().catch(() => false)) return;
      await sleep(50);
    }
    await this.kill();
    throw new DurastackError(
      'ENVIRONMENT',
      `${this.plan.args.join(' ')} did not become ready:\n${this.log().slice(-2_000)}`,
    );
  }

  /** Sends a signal and, unless it only pauses or continues it, waits until it has ended. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') return;
    await ended;
    this.process = undefined;
  }

  /** Everything it has printed. */
  log(): string {
    return readFileSync(this.plan.logFile, 'utf8');
  }
}

/** Asks an HTTP address; true when it answers with success. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.body?.cancel();
  return response.ok;
}
