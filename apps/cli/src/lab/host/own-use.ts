/**
 * What a lab host uses of the processors and the memory, as its programs read it. All hosts of a lab share this machine's
 * kernel, which would tell each of them of everything that runs here, other hosts and the control plane included. So the
 * first process of each adds up what the host's own processes use, and `/proc/stat` and `/proc/meminfo` say that.
 */
import { openSync, readFileSync, writeSync } from 'node:fs';
import { processIds, readOfProcess, readStat } from '../../system/proc.js';
import { runOrFail } from '../../system/run.js';

const MEASURE_MS = 1_000;
/** Of /proc/stat's first line, after its name. */
const IDLE = 3;

/** What one process has used. */
export interface ProcessUse {
  /** Tells it from a later one with the same pid. */
  readonly started: string;
  /** Of a hundredth of a second each. */
  readonly ticks: number;
  readonly memoryKib: number;
}

/** Adds up ticks of processes that come and go. */
export class OwnTicks {
  private known = new Map<number, ProcessUse>();
  private sum = 0;

  /** @returns ticks that all processes together have used so far */
  add(now: ReadonlyMap<number, ProcessUse>): number {
    for (const [pid, { started, ticks }] of now) {
      const before = this.known.get(pid);
      this.sum += ticks - (before?.started === started ? before.ticks : 0);
    }
    this.known = new Map(now);
    return this.sum;
  }
}

/** /proc/stat with a first line that knows no work but the host's own. */
export function statOf(real: string, ownTicks: number): string {
  const [first = '', ...rest] = real.split('\n');
  const all = first.trim().split(/\s+/).slice(1, 9).map(Number);
  const whole = all.reduce((sum, ticks) => sum + ticks, 0);
  const fields = all.map((_, index) => (index === 0 ? ownTicks : index === IDLE ? Math.max(0, whole - ownTicks) : 0));
  return [`cpu  ${fields.join(' ')} 0 0`, ...rest].join('\n');
}

/** /proc/meminfo with as much available as the host's own processes leave. */
export function memoryOf(real: string, ownKib: number): string {
  const totalKib = Number(/^MemTotal:\s+(\d+)/m.exec(real)?.[1] ?? 0);
  const availableKib = String(Math.max(0, totalKib - ownKib)).padStart(8);
  return real.replace(/^(MemAvailable:)\s+\d+/m, (_, name: string) => `${name}    ${availableKib}`);
}

/**
 * Lets this host's `/proc/stat` and `/proc/meminfo` tell of the host alone, measured anew every second.
 *
 * @param report hears of measurements that failed
 */
export async function showOwnUse(report: (line: string) => void): Promise<void> {
  const stat = await replace('/proc/stat', '/run/lab/stat');
  const memory = await replace('/proc/meminfo', '/run/lab/meminfo');
  const ticks = new OwnTicks();
  const measure = () => {
    const own = readProcesses();
    const ownKib = [...own.values()].reduce((sum, { memoryKib }) => sum + memoryKib, 0);
    stat.write(statOf(stat.read(), ticks.add(own)));
    memory.write(memoryOf(memory.read(), ownKib));
  };
  measure();
  setInterval(() => {
    try {
      measure();
    } catch (error) {
      report(`measuring what the host uses failed: ${String(error)}`);
    }
  }, MEASURE_MS);
}

interface Replaced {
  /** What the kernel says. */
  read(): string;
  /** What others read instead. */
  write(text: string): void;
}

async function replace(path: string, own: string): Promise<Replaced> {
  // Opened before the other file hides it, and again through this for each reading.
  const kernels = openSync(path, 'r');
  const file = openSync(own, 'w');
  let length = 0;
  await runOrFail(`Showing ${own} as ${path}`, 'mount', ['--bind', own, path]);
  return {
    read: () => readFileSync(`/proc/self/fd/${kernels}`, 'utf8'),
    write: (text) => {
      // In place, for the file itself is bound; at once and never shorter, for others read it meanwhile.
      const padded = text.trimEnd().padEnd(length);
      length = padded.length;
      writeSync(file, `${padded}\n`, 0);
    },
  };
}

function readProcesses(): Map<number, ProcessUse> {
  const found = new Map<number, ProcessUse>();
  for (const pid of processIds()) {
    const stat = readStat(pid);
    const status = readOfProcess(pid, 'status');
    if (stat === undefined || status === undefined) continue;
    const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
    found.set(pid, { started: stat.startTime, ticks: stat.ticks, memoryKib: kib('RssAnon') + kib('RssShmem') });
  }
  return found;
}
