/** CPU time of processes of which some are killed and started again. */
import type { Cloud } from '../../support/cloud.js';
import { pidsOf, usedBy, type Used } from '../processes.js';

interface Look extends Used {
  readonly pid: number;
}

/** Counts from its making. */
export class UsageMeter {
  private readonly spentMs: Record<string, number> = {};
  private readonly peaks: Record<string, number> = {};
  private last: Readonly<Record<string, Look>>;

  constructor(private readonly cloud: Cloud) {
    this.last = this.look();
  }

  /** `again` ends processes and starts them anew. */
  async across(again: () => Promise<void>): Promise<void> {
    this.settle();
    await again();
    this.settle();
  }

  /** CPU milliseconds since its making. */
  cpuMs(): Record<string, number> {
    this.settle();
    return { ...this.spentMs };
  }

  /** Greatest resident size of each, in MiB. */
  peakMib(): Record<string, number> {
    this.settle();
    return { ...this.peaks };
  }

  private look(): Record<string, Look> {
    return Object.fromEntries(Object.entries(pidsOf(this.cloud)).map(([name, pid]) => [name, { pid, ...usedBy(pid) }]));
  }

  private settle(): void {
    const now = this.look();
    for (const [name, { pid, cpuMs, peakRssMib }] of Object.entries(now)) {
      const before = this.last[name];
      // All that a new process has used, it has used since.
      this.spentMs[name] = (this.spentMs[name] ?? 0) + cpuMs - (before?.pid === pid ? before.cpuMs : 0);
      this.peaks[name] = Math.max(this.peaks[name] ?? 0, peakRssMib);
    }
    this.last = now;
  }
}
