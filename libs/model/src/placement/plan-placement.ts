/**
 * Where a machine could run: filters with their reasons, then a score. Pure, over a snapshot; the reservation
 * transaction decides, and a refusal takes the next candidate.
 */

/** What the machine needs. */
export interface PlacementRequest {
  readonly cpuMhz: number;
  readonly memoryMib: number;
  readonly hypervisor: string;
  /** Tags that a host must bear. */
  readonly hostTags: readonly string[];
  /** Only this host, when the caller asked for it. */
  readonly requestedHostId?: string;
  /** The pool that its disk is on already. */
  readonly fixedPoolId?: string;
  /** Room that a new disk needs on its pool. */
  readonly diskBytes: number;
  /** Where it ran last: preferred among equals, its pages may still be cached there. */
  readonly lastHostId?: string;
}

/** A host in the snapshot. */
export interface HostSnapshot {
  readonly id: string;
  readonly name: string;
  readonly clusterId: string;
  readonly zoneId: string;
  readonly state: string;
  readonly allocationState: string;
  readonly hypervisor: string;
  readonly tags: readonly string[];
  readonly cpuMhzFree: number;
  readonly memoryMibFree: number;
  readonly memoryMib: number;
}

/** A pool in the snapshot. Reach: one host, one cluster, or (neither) the zone. */
export interface PoolSnapshot {
  readonly id: string;
  readonly zoneId: string;
  readonly clusterId: string | null;
  readonly hostId: string | null;
  readonly state: string;
  readonly allocationState: string;
  readonly bytesFree: number;
}

/** Candidates in order of preference, and why the others fell out. */
export interface PlacementPlan {
  readonly candidates: readonly { readonly hostId: string; readonly poolId: string }[];
  readonly refused: readonly { readonly host: string; readonly reason: string }[];
}

/** Whether a host reaches a pool. */
export function reaches(host: HostSnapshot, pool: PoolSnapshot): boolean {
  if (pool.hostId !== null) return pool.hostId === host.id;
  if (pool.clusterId !== null) return pool.clusterId === host.clusterId;
  return pool.zoneId === host.zoneId;
}

function hostRefusal(request: PlacementRequest, host: HostSnapshot): string | undefined {
  if (request.requestedHostId !== undefined && request.requestedHostId !== host.id) return 'another host was asked for';
  if (host.state !== 'Up') return `is ${host.state}`;
  if (host.allocationState !== 'Enabled') return 'is disabled for new machines';
  if (host.hypervisor !== request.hypervisor)
    return `runs ${host.hypervisor}, the template wants ${request.hypervisor}`;
  const missing = request.hostTags.filter((tag) => !host.tags.includes(tag));
  if (missing.length > 0) return `lacks the tag ${missing.join(', ')}`;
  if (host.memoryMibFree < request.memoryMib)
    return `has ${host.memoryMibFree} MiB of memory free, ${request.memoryMib} needed`;
  if (host.cpuMhzFree < request.cpuMhz) return `has ${host.cpuMhzFree} MHz free, ${request.cpuMhz} needed`;
  return undefined;
}

function poolsOf(request: PlacementRequest, host: HostSnapshot, pools: readonly PoolSnapshot[]): PoolSnapshot[] {
  const reachable = pools.filter((pool) => reaches(host, pool));
  if (request.fixedPoolId !== undefined) return reachable.filter((pool) => pool.id === request.fixedPoolId);
  return reachable
    .filter((pool) => pool.state === 'Up' && pool.allocationState === 'Enabled' && pool.bytesFree >= request.diskBytes)
    .sort((a, b) => b.bytesFree - a.bytesFree);
}

/** Plans; hosts with the largest share of memory free come first, so that load spreads. */
export function planPlacement(
  request: PlacementRequest,
  hosts: readonly HostSnapshot[],
  pools: readonly PoolSnapshot[],
): PlacementPlan {
  const candidates: { hostId: string; poolId: string; score: number }[] = [];
  const refused: { host: string; reason: string }[] = [];
  for (const host of hosts) {
    const reason = hostRefusal(request, host);
    const pool = reason === undefined ? poolsOf(request, host, pools)[0] : undefined;
    if (reason !== undefined) refused.push({ host: host.name, reason });
    else if (!pool)
      refused.push({
        host: host.name,
        reason: request.fixedPoolId ? 'does not reach the pool of the disk' : 'reaches no pool with room',
      });
    else
      candidates.push({
        hostId: host.id,
        poolId: pool.id,
        score: host.memoryMibFree / host.memoryMib + (host.id === request.lastHostId ? 1 : 0),
      });
  }
  candidates.sort((a, b) => b.score - a.score || a.hostId.localeCompare(b.hostId));
  return { candidates: candidates.map(({ hostId, poolId }) => ({ hostId, poolId })), refused };
}
