/**
 * A witness outside the product: looks at every QEMU process of this machine ten times a second, whatever namespaces
 * it is in, and notes two running copies of one machine. It asks neither libvirt nor the control plane.
 *
 * A copy runs when its processors' threads have been given time since the last look. That tells the paused end of a
 * migration from the running one: both processes exist, one stands still. At the moment of the switch both may have
 * run within one look, one after the other; so only copies that both ran in several looks on end are a violation.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** A QEMU process at one look. */
export interface Copy {
  readonly pid: number;
  /** As libvirt names the machine. */
  readonly guest: string;
  readonly uuid: string;
  /** Whether its processors have run since the look before. */
  readonly ran: boolean;
}

/** Two copies of one machine that ran at the same time. */
export interface Violation {
  readonly at: string;
  readonly uuid: string;
  /** As libvirt names the machine. */
  readonly guest: string;
  readonly pids: readonly number[];
}

const INTERVAL_MS = 100;
const LOOKS_ON_END = 4;
const PROCESSOR_THREAD = /^(CPU \d+|ALL CPUs)\//;

/** Watches from its start until it is stopped. */
export class Witness {
  private readonly runTimes = new Map<number, bigint>();
  private readonly doubles = new Map<string, number>();
  private readonly found: Violation[] = [];
  private readonly timer = setInterval(() => this.look(), INTERVAL_MS);
  private present: readonly Copy[] = [];
  private readonly shutOut = new Set<number>();

  /** @param ofInstance only its guests: specs that run at the same time have others, some of them twice on purpose */
  constructor(private readonly ofInstance?: string) {}

  /** What was noted so far. */
  get violations(): readonly Violation[] {
    return this.found;
  }

  /** The processes at the last look. @param uuid only those of one machine */
  copies(uuid?: string): readonly Copy[] {
    return this.present.filter((copy) => uuid === undefined || copy.uuid === uuid);
  }

  /**
   * This process is going to be shut out of its disks: it may run on in memory until its host is heard again, and counts
   * as no copy. That it writes nothing more, its disk tells.
   */
  ignore(pid: number): void {
    this.shutOut.add(pid);
  }

  /** Ends watching. */
  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const prefix = this.ofInstance === undefined ? '' : `${this.ofInstance}-`;
    const own = emulators().filter(({ guest, pid }) => guest.startsWith(prefix) && !this.shutOut.has(pid));
    this.present = own.map(({ pid, guest, uuid }) => {
      const time = processorTime(pid);
      const before = this.runTimes.get(pid);
      this.runTimes.set(pid, time);
      return { pid, guest, uuid, ran: before !== undefined && time > before };
    });
    for (const uuid of new Set(this.present.map((copy) => copy.uuid))) this.judge(uuid);
  }

  private judge(uuid: string): void {
    const running = this.copies(uuid).filter((copy) => copy.ran);
    const looks = running.length > 1 ? (this.doubles.get(uuid) ?? 0) + 1 : 0;
    this.doubles.set(uuid, looks);
    if (looks !== LOOKS_ON_END) return;
    const guest = running[0]?.guest ?? '';
    this.found.push({ at: new Date().toISOString(), uuid, guest, pids: running.map(({ pid }) => pid) });
  }
}

/** Every QEMU that libvirt started for a machine. */
function emulators(): { pid: number; guest: string; uuid: string }[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      const words = read(`/proc/${entry}/cmdline`).split('\0');
      if (!/\/qemu-system-[a-z0-9_]+$/.test(words[0] ?? '')) return [];
      const guest = /^guest=([^,]+)/.exec(words[words.indexOf('-name') + 1] ?? '')?.[1];
      const uuid = words[words.indexOf('-uuid') + 1];
      return guest === undefined || uuid === undefined ? [] : [{ pid: Number(entry), guest, uuid }];
    });
}

/** Nanoseconds that the guest's processors have run. */
function processorTime(pid: number): bigint {
  let total = 0n;
  for (const task of list(`/proc/${pid}/task`)) {
    if (!PROCESSOR_THREAD.test(read(`/proc/${pid}/task/${task}/comm`))) continue;
    total += BigInt(read(`/proc/${pid}/task/${task}/schedstat`).split(' ')[0] || '0');
  }
  return total;
}

/** Processes end between being listed and being read. */
function read(path: string): string {
  return unlessGone(() => readFileSync(path, 'utf8'), '');
}

function list(path: string): string[] {
  return unlessGone(() => readdirSync(path), []);
}

function unlessGone<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return otherwise;
    throw error;
  }
}
