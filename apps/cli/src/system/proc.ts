/** `/proc`, as proc(5) describes it. Processes end between being listed and being read: nothing is known of those then. */
import { readdirSync, readFileSync } from 'node:fs';

/** Every process of this PID namespace. */
export function processIds(): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

/** A file of a process; undefined when it has ended. */
export function readOfProcess(pid: number, file: 'stat' | 'status' | 'cmdline'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** What a process tells of its state and its times; undefined when it has ended. */
export function readStat(
  pid: number,
): { readonly state: string; readonly startTime: string; readonly ticks: number } | undefined {
  const stat = readOfProcess(pid, 'stat');
  if (stat === undefined) return undefined;
  // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '', startTime = ''] = [fields[0], fields[19]];
  return { state, startTime, ticks: Number(fields[11]) + Number(fields[12]) };
}
