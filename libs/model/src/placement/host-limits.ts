import type { DedicationSnapshot, MachineNeeds } from '@durastack/contracts/compute/placement';
import { takesOwner } from './judge-dedications.js';

/** What is known about hosts before any is read: a large zone is asked for those that can do. */
export interface HostLimits {
  /** The only hosts that can do; absent: all but {@link never}. */
  readonly only?: readonly string[];
  /** Hosts, clusters and pods in which none can do. */
  readonly never: readonly string[];
  /** Hosts, clusters and pods in which those are that the machine prefers. */
  readonly preferred: readonly string[];
}

/** Derives the limits from affinity groups and dedications; `judgeHosts` alone decides. */
export function hostLimits(needs: MachineNeeds, dedications: readonly DedicationSnapshot[]): HostLimits {
  const never: string[] = [];
  const preferred: string[] = [];
  let only: ReadonlySet<string> | undefined;
  for (const { resourceType, resourceId, ...dedication } of dedications) {
    if (resourceType === 'zone') continue;
    (takesOwner(dedication, needs.owner) ? preferred : never).push(resourceId);
  }
  for (const { kind, strict, hostIds } of needs.affinity) {
    if (hostIds.length === 0) continue;
    if (kind === 'anti-affinity' && strict) never.push(...hostIds);
    if (kind === 'affinity' && !strict) preferred.push(...hostIds);
    if (kind === 'affinity' && strict) {
      const among = new Set(hostIds);
      only = only === undefined ? among : new Set([...only].filter((id) => among.has(id)));
    }
  }
  return { ...(only === undefined ? {} : { only: [...only] }), never, preferred };
}
