/** What processes use, from /proc (proc(5)). */
import { readFileSync } from 'node:fs';
import type { Cloud } from '../support/cloud.js';
import type { Figure, Goal } from './report.js';

const TICKS_PER_SECOND = 100;

/** What a process has used so far. */
export interface Used {
  readonly cpuMs: number;
  readonly peakRssMib: number;
}

/** CPU time (user and system, all threads) and greatest resident size of a process. */
export function usedBy(pid: number): Used {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command may hold spaces and parentheses: fields are counted behind its last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return {
    cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND,
    peakRssMib: Number(peak?.[1] ?? 0) / 1024,
  };
}

/** Resident memory at this moment; `pssMib` counts what several processes share by its part. */
export function memoryOf(pid: number): { rssMib: number; pssMib: number } {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? Number.NaN);
  return { rssMib: kib('Rss') / 1024, pssMib: kib('Pss') / 1024 };
}

/** The processes of a cloud by their names in reports. */
export function pidsOf({ api, worker, temporal, mariadb, agent }: Cloud): Record<string, number> {
  const children = { api, worker, temporal, mariadb, agent };
  return Object.fromEntries(
    Object.entries(children).flatMap(([name, child]) => (child?.pid ? [[name, child.pid]] : [])),
  );
}

/** What several processes have used, by name. */
export type Usage = Readonly<Record<string, Used>>;

/** Of each process. */
export function usageOf(pids: Readonly<Record<string, number>>): Usage {
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, usedBy(pid)]));
}

/** CPU milliseconds between two looks, by name. */
export function cpuBetween(before: Usage, after: Usage): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after).map(([name, used]) => [name, used.cpuMs - (before[name]?.cpuMs ?? 0)]),
  );
}

/** CPU per operation of each process and of all together, and each one's peak memory. */
export function usageFigures(
  { before, after }: { before: Usage; after: Usage },
  { count, of, goal }: { count: number; of: string; goal?: Goal },
): Figure[] {
  const cpu = Object.entries(cpuBetween(before, after));
  const unit = `CPU ms/${of}`;
  const total = cpu.reduce((sum, [, ms]) => sum + ms, 0) / count;
  return [
    ...cpu.map(([name, ms]) => ({ name: `cpu ${name}`, value: ms / count, unit })),
    { name: 'cpu all', value: total, unit, ...(goal ? { goal } : {}) },
    ...Object.entries(after).map(([name, used]) => ({
      name: `peak memory ${name}`,
      value: used.peakRssMib,
      unit: 'MiB',
    })),
  ];
}
