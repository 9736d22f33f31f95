/** One service of a lab host: started, watched, started again when it ends unasked. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a service runs and how it behaves. */
export interface ServicePlan {
  /** E.g. `libvirtd.service`. */
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** A file without which it is not started. */
  readonly condition?: string;
  readonly restartDelayMs: number;
  readonly stopTimeoutMs: number;
  readonly logFile: string;
  /** Runs after each start of the process: what hangs on it and is lost with it. */
  readonly afterStart?: () => Promise<void>;
}

/** As `systemctl is-active` says it. */
export type ServiceState = 'active' | 'activating' | 'inactive' | 'failed';

const POLL_MS = 20;

/** A service. Only its first process gets signals: machines and DHCP servers outlive what started them. */
export class Service {
  private child: ChildProcess | undefined;
  private wanted = false;
  private masked = false;
  private timer: NodeJS.Timeout | undefined;
  private failed = false;

  /** @param report is given lines for the host's console */
  constructor(
    private plan: ServicePlan,
    private readonly report: (line: string) => void,
  ) {}

  /** A new description, which counts from the next start. */
  replan(plan: ServicePlan): void {
    this.plan = plan;
  }

  /** See {@link ServiceState}. */
  get state(): ServiceState {
    if (this.child !== undefined) return 'active';
    if (this.timer !== undefined) return 'activating';
    return this.failed ? 'failed' : 'inactive';
  }

  /** The pid in the host's pid namespace. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Starts it unless it runs; a masked one stays down. @returns whether it may run */
  async start(): Promise<boolean> {
    const { condition } = this.plan;
    if (this.masked) return false;
    this.wanted = true;
    if (this.child !== undefined || (condition !== undefined && !existsSync(condition))) return true;
    this.clearTimer();
    this.spawn();
    await this.plan.afterStart?.().catch((error: unknown) => this.report(`${this.plan.name}: ${String(error)}`));
    return true;
  }

  /** Asks it to end, and kills it when it does not. */
  async stop(): Promise<void> {
    this.wanted = false;
    this.failed = false;
    this.clearTimer();
    const { child } = this;
    if (child === undefined) return;
    child.kill('SIGTERM');
    const deadline = performance.now() + this.plan.stopTimeoutMs;
    while (this.child === child && performance.now() < deadline) await sleep(POLL_MS);
    child.kill('SIGKILL');
    while (this.child === child) await sleep(POLL_MS);
  }

  /** Sends a signal to its first process, behind its back. */
  kill(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** A masked service is not started, whoever asks; one that runs goes on. */
  mask(masked: boolean): void {
    this.masked = masked;
  }

  private spawn(): void {
    const { command, env, logFile, name } = this.plan;
    const log = openSync(logFile, 'a', 0o600);
    const [program, ...args] = command;
    const child = spawn(program, args, {
      cwd: '/',
      detached: true,
      env: { ...BASE_ENVIRONMENT, ...env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.child = child;
    this.failed = false;
    child.once('error', (error) => this.ended(child, error.message));
    child.once('exit', (code, signal) => this.ended(child, signal ?? `exit code ${code}`));
    this.report(`${name}: started, pid ${child.pid}`);
  }

  private ended(child: ChildProcess, how: string): void {
    if (this.child !== child) return;
    this.child = undefined;
    this.report(`${this.plan.name}: ended (${how})`);
    if (!this.wanted) return;
    if (this.masked) {
      this.failed = true;
      return;
    }
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.start();
    }, this.plan.restartDelayMs);
  }

  private clearTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}

/** What services inherit; nothing of who called the lab. */
const BASE_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
};
