/** The machine that figures were taken on: without it they say nothing. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { TEMPORAL_VERSION } from '@durastack/cli/parts/temporal-binary';

/** See the module's head. */
export interface Machine {
  readonly cpuModel: string;
  readonly cores: number;
  readonly memoryMib: number;
  /** Over one minute, before anything was started: above 0.2 wall figures are not to be trusted. */
  readonly loadBefore: number;
  readonly kernel: string;
  readonly node: string;
  readonly mariadb: string;
  readonly temporal: string;
  readonly commit: string;
  readonly at: string;
}

/** Describes this machine; call it before anything is started. */
export function describeMachine(): Machine {
  return {
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryMib: Math.round(totalmem() / 2 ** 20),
    loadBefore: loadavg()[0] ?? 0,
    kernel: release(),
    node: process.version,
    mariadb: firstWords('mariadbd', ['--no-defaults', '--version']),
    temporal: TEMPORAL_VERSION,
    commit: firstWords('git', ['-C', import.meta.dirname, 'describe', '--always', '--dirty']),
    at: new Date().toISOString(),
  };
}

/** One line of text. */
export function formatMachine(machine: Machine): string {
  const { cpuModel, cores, memoryMib, loadBefore, kernel } = machine;
  const programs = `Node ${machine.node}, Temporal ${machine.temporal}, ${machine.mariadb}`;
  const hardware = `${cpuModel}, ${cores} cores, ${(memoryMib / 1024).toFixed(1)} GiB, Linux ${kernel}`;
  return `${hardware}; ${programs}; commit ${machine.commit}; load before ${loadBefore.toFixed(2)}; ${machine.at}\n`;
}

function firstWords(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .split('\n')[0]!
      .trim()
      .slice(0, 80);
  } catch {
    // A machine without it runs other scenarios all the same.
    return 'unknown';
  }
}
