/**
 * How much room a cluster has left for the loss of one host (N+1). Pure, by sums: how machines divide over hosts tells
 * the plan for the loss of that host.
 */

import type { FailoverHost } from '@durastack/contracts/infra/failover-host';

/** What would be free on the other hosts after the loss of the host that is hardest to lose; negative: what lacks. */
export interface FailoverRoom {
  readonly clusterId: string;
  readonly clusterName: string;
  readonly cpuMhz: number;
  readonly memoryMib: number;
  /** Whether its machines with HA would find no room after the loss of some host. */
  readonly isShort: boolean;
  /** The host that is hardest to lose. */
  readonly hardest: { readonly id: string; readonly name: string };
}

/** Of every cluster that has hosts, in the order of their names. */
export function failoverRoom(hosts: readonly FailoverHost[]): FailoverRoom[] {
  const clusters = new Map<string, FailoverHost[]>();
  for (const host of hosts) {
    const same = clusters.get(host.clusterId);
    if (same) same.push(host);
    else clusters.set(host.clusterId, [host]);
  }
  return [...clusters.values()]
    .flatMap((same) => roomOf(same) ?? [])
    .sort((a, b) => (a.clusterName < b.clusterName ? -1 : 1));
}

function roomOf(hosts: readonly FailoverHost[]): FailoverRoom | undefined {
  const cpu = leastAfterLoss(hosts, ({ cpuMhzFree, haCpuMhz }) => ({ free: cpuMhzFree, demand: haCpuMhz }));
  const memory = leastAfterLoss(hosts, ({ memoryMibFree, haMemoryMib }) => ({
    free: memoryMibFree,
    demand: haMemoryMib,
  }));
  if (!cpu || !memory) return undefined;
  const { id, name, clusterId, clusterName } = (memory.left < 0 || cpu.left >= 0 ? memory : cpu).host;
  return {
    ...{ clusterId, clusterName, cpuMhz: cpu.left, memoryMib: memory.left },
    isShort: cpu.left < 0 || memory.left < 0,
    hardest: { id, name },
  };
}

function leastAfterLoss(
  hosts: readonly FailoverHost[],
  of: (host: FailoverHost) => { readonly free: number; readonly demand: number },
): { readonly left: number; readonly host: FailoverHost } | undefined {
  const free = (host: FailoverHost): number => (host.usable ? Math.max(0, of(host).free) : 0);
  const total = hosts.reduce((sum, host) => sum + free(host), 0);
  return hosts.map((host) => ({ host, left: total - free(host) - of(host).demand })).sort((a, b) => a.left - b.left)[0];
}
