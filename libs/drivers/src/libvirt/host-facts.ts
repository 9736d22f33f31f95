/** A host's identity, capacity and measured use. */
import type { HostFacts } from '@durastack/contracts/agent/specs';
import { readFile } from 'node:fs/promises';
import type { LibvirtHost } from './libvirt-host.js';

/** Identity and capacity as libvirt and the kernel tell. */
export async function readFacts(host: LibvirtHost): Promise<HostFacts> {
  const [node, version, bootId] = await Promise.all([
    host.client.nodeInfo(),
    host.client.hypervisorVersion(),
    readBootId(),
  ]);
  return {
    hypervisor: 'KVM',
    accelerator: await host.accelerator(),
    hypervisorVersion: version,
    agentVersion: host.agentVersion,
    bootId,
    cpuCount: Math.max(1, node.cpuCount),
    cpuMhz: node.cpuMhz > 0 ? node.cpuMhz : await cpuMhz(),
    memoryMib: Math.floor(node.memoryKib / 1024),
  };
}

/** The kernel's present boot. */
export async function readBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

/** Measures the processors' use between one call and the next. */
export class UsageMeter {
  #last = { busy: 0, total: 0 };

  /** Percentage of all processors since the previous call (since boot at the first), and memory that is not available. */
  async read(): Promise<{ cpuPercent: number; memoryUsedMib: number }> {
    const [stat, memory] = await Promise.all([readFile('/proc/stat', 'utf8'), readFile('/proc/meminfo', 'utf8')]);
    const ticks = (stat.split('\n')[0] ?? '').trim().split(/\s+/).slice(1, 9).map(Number);
    const total = ticks.reduce((sum, value) => sum + value, 0);
    const busy = total - (ticks[3] ?? 0) - (ticks[4] ?? 0);
    const elapsed = total - this.#last.total;
    const cpuPercent = elapsed > 0 ? (100 * (busy - this.#last.busy)) / elapsed : 0;
    this.#last = { busy, total };
    const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(memory)?.[1] ?? 0);
    const memoryUsedMib = Math.floor((kib('MemTotal') - kib('MemAvailable')) / 1024);
    return { cpuPercent: Math.min(100, Math.max(0, Math.round(cpuPercent * 10) / 10)), memoryUsedMib };
  }
}

/** libvirt knows no clock on some virtual machines. */
async function cpuMhz(): Promise<number> {
  const text = await readFile('/proc/cpuinfo', 'utf8');
  return Math.max(1, Math.round(Number(/^cpu MHz\s*:\s*([\d.]+)/m.exec(text)?.[1] ?? 1000)));
}
