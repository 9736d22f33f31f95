/** What machines use, by libvirt's bulk statistics: one call for all of them. */
import type { MachineUse } from '../driver.js';
import type { LibvirtHost } from './libvirt-host.js';

/** virDomainStatsTypes: processor time, balloon. */
const CPU_TOTAL = 2;
const BALLOON = 4;

interface Seen {
  readonly cpuNs: number;
  readonly atMs: number;
}

/** Measures between one call and the next. */
export class MachineUseMeter {
  #last = new Map<string, Seen>();

  /** A machine that was not there at the previous call is left out. Memory is what its QEMU process holds. */
  async read(host: LibvirtHost): Promise<MachineUse[]> {
    const [stats, ours, node] = await Promise.all([
      host.client.activeDomainStats(CPU_TOTAL | BALLOON),
      host.domains.observe(),
      host.client.nodeInfo(),
    ]);
    const atMs = performance.now();
    const own = new Set(ours.map(({ id }) => id));
    const before = this.#last;
    this.#last = new Map();
    return stats.flatMap(({ domain, numbers }) => {
      if (!own.has(domain.uuid)) return [];
      const cpuNs = numbers.get('cpu.time') ?? 0;
      this.#last.set(domain.uuid, { cpuNs, atMs });
      const seen = before.get(domain.uuid);
      if (!seen || atMs <= seen.atMs || cpuNs < seen.cpuNs) return [];
      const processors = (cpuNs - seen.cpuNs) / ((atMs - seen.atMs) * 1e6);
      const memoryKib = numbers.get('balloon.rss') ?? numbers.get('balloon.current') ?? 0;
      return [{ id: domain.uuid, cpuMhz: processors * Math.max(1, node.cpuMhz), memoryMib: memoryKib / 1_024 }];
    });
  }
}
