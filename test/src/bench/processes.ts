import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** What a process has used so far. */
export interface Used {
  readonly cpuSeconds: number;
  readonly peakRssMib: number;
}

/** CPU seconds (user and system) and greatest resident size of a process, from /proc (proc(5)). */
export function usedBy(pid: number): Used {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command may hold spaces and parentheses: fields are counted behind its last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    peakRssMib: Number(peak?.[1] ?? 0) / 1024,
  };
}

/** The value below which a share of the samples lies. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
