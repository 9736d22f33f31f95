/**
 * What a lab host uses of the processors and the memory, as its programs read it. All hosts of a lab share this machine's
 * kernel, which would tell each of them of everything that runs here, other hosts and the control plane included. So the
 * first process of each adds up what the host's own processes use, and `/proc/stat` and `/proc/meminfo` say that.
 */
import { openSync, readdirSync, readFileSync, readSync, writeSync } from 'node:fs';

const MEASURE_MS = 1_000;
/** Longer than either file ever is. */
const ROOM_BYTES = 1 << 20;
/** Numbers of /proc/PID/stat after the name in brackets: user and system ticks, and when the process started. */
const STAT_FIELDS = { user: 11, system: 12, started: 19 } as const;
/** Of /proc/stat's first line, after its name. */
const IDLE = 3;

/** Files that stand where the kernel's are read. */
export const OWN_USE_FILES = { '/proc/stat': '/run/lab/stat', '/proc/meminfo': '/run/lab/meminfo' } as const;

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
  private known = new Map<string, ProcessUse>();
  private sum = 0;

  /** @returns ticks that all processes together have used so far */
  add(now: ReadonlyMap<string, ProcessUse>): number {
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

/** Opens the kernel's files; to be called before others stand in their place. @returns measures once */
export function openOwnUse(): () => void {
  const stat = openSync('/proc/stat', 'r');
  const memory = openSync('/proc/meminfo', 'r');
  const tellStat = telling(OWN_USE_FILES['/proc/stat']);
  const tellMemory = telling(OWN_USE_FILES['/proc/meminfo']);
  const ticks = new OwnTicks();
  return () => {
    const own = readProcesses();
    const ownKib = [...own.values()].reduce((sum, { memoryKib }) => sum + memoryKib, 0);
    tellStat(statOf(readAgain(stat), ticks.add(own)));
    tellMemory(memoryOf(readAgain(memory), ownKib));
  };
}

/** Measures once a second from now on. */
export function keepMeasuring(measure: () => void, report: (line: string) => void): void {
  setInterval(() => {
    try {
      measure();
    } catch (error) {
      report(`measuring what the host uses failed: ${String(error)}`);
    }
  }, MEASURE_MS);
}

function readAgain(file: number): string {
  const buffer = Buffer.alloc(ROOM_BYTES);
  let length = 0;
  for (;;) {
    const read = readSync(file, buffer, length, ROOM_BYTES - length, length);
    if (read === 0) return buffer.toString('utf8', 0, length);
    length += read;
  }
}

/** In place, for others are bound to the file itself; at once and never shorter, for others read it meanwhile. */
function telling(path: string): (text: string) => void {
  const file = openSync(path, 'w');
  let length = 0;
  return (text) => {
    const line = `${text.trimEnd().padEnd(length)}\n`;
    length = line.length - 1;
    writeSync(file, line, 0);
  };
}

function readProcesses(): Map<string, ProcessUse> {
  const found = new Map<string, ProcessUse>();
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = readIfThere(`/proc/${pid}/stat`);
    const status = readIfThere(`/proc/${pid}/status`);
    if (stat === undefined || status === undefined) continue;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
    found.set(pid, {
      started: fields[STAT_FIELDS.started] ?? '',
      ticks: Number(fields[STAT_FIELDS.user]) + Number(fields[STAT_FIELDS.system]),
      memoryKib: kib('RssAnon') + kib('RssShmem'),
    });
  }
  return found;
}

/** A process may end while it is read. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
