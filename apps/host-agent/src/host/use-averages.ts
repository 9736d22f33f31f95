/**
 * What the host and its machines use, averaged: the control plane is told every few minutes, and keeps one row. A
 * moment's load moves no machine; the average of about ten minutes may.
 */
import type { HostFacts } from '@durastack/contracts/agent/specs';
import type { Heartbeat } from '@durastack/contracts/agent/wire';
import type { HostDriver } from '@durastack/drivers/driver';

/** How often is measured, and how often told. */
const SAMPLE_MS = 60_000;
const REPORT_MS = 300_000;
/** What lies so far back counts for about a third. */
const WINDOW_MS = 600_000;

type Report = NonNullable<Heartbeat['use']>;
interface Use {
  readonly cpuMhz: number;
  readonly memoryMib: number;
}

/** See the module's head. One per host. */
export class UseAverages {
  private machines = new Map<string, Use>();
  private host: Use | undefined;
  private sampledAtMs = -Infinity;
  private reportedAtMs = -Infinity;

  /** @param now a monotonic clock, in milliseconds */
  constructor(
    private readonly driver: Pick<HostDriver, 'machineUse'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Measures when it is time. @returns what to tell; undefined: nothing is due */
  async next(facts: HostFacts, usage: Heartbeat['usage']): Promise<Report | undefined> {
    const sinceMs = this.now() - this.sampledAtMs;
    if (sinceMs < SAMPLE_MS || usage === undefined) return undefined;
    const found = await this.driver.machineUse();
    this.sampledAtMs = this.now();
    const isFirst = !Number.isFinite(sinceMs);
    const weight = isFirst ? 1 : 1 - Math.exp(-sinceMs / WINDOW_MS);
    this.machines = new Map(found.map(({ id, ...use }) => [id, blend(this.machines.get(id), use, weight)]));
    const cpuMhz = (usage.cpuPercent / 100) * facts.cpuCount * facts.cpuMhz;
    this.host = blend(this.host, { cpuMhz, memoryMib: usage.memoryUsedMib }, weight);
    if (this.now() - this.reportedAtMs < REPORT_MS) return undefined;
    // At first a driver knows nothing to compare with.
    this.reportedAtMs = isFirst ? this.now() - REPORT_MS + SAMPLE_MS : this.now();
    return { ...this.host, machines: [...this.machines].map(([id, use]) => ({ id, ...use })) };
  }

  /** What was told last did not arrive: it is told again with the next measurement. */
  lost(): void {
    this.reportedAtMs = -Infinity;
  }
}

function blend(before: Use | undefined, now: Use, weight: number): Use {
  if (before === undefined) return now;
  const mix = (old: number, fresh: number) => old + weight * (fresh - old);
  return { cpuMhz: mix(before.cpuMhz, now.cpuMhz), memoryMib: mix(before.memoryMib, now.memoryMib) };
}
