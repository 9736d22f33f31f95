/**
 * What a placement looks at, and what it says about each host. The store reads it, the model judges it, and replies
 * show it, so the shapes stand here.
 */
import { z } from 'zod';
import { long, object, text } from '../fields.js';

/** What hosts offer beyond, or below, what they have. Pools say it themselves (`storage.overprovisioning.factor`). */
export interface Overcommit {
  readonly host: {
    /** How many times its processors a host offers. */
    readonly cpuOvercommit: number;
    /** Memory that stays with the host itself. */
    readonly hostMemoryMib: number;
  };
}

/** A disk of the machine. */
export interface DiskNeed {
  readonly volumeId: string;
  readonly sizeBytes: number;
  /** The pool that it is on; null while none was chosen. */
  readonly poolId: string | null;
  /** The pool that it is to go to with a migration; absent: it stays on its own if it can. */
  readonly wantedPoolId?: string;
  /** Tags that its pool must bear. */
  readonly tags: readonly string[];
}

/** An affinity group of the machine, and where its other members are. */
export interface AffinityNeed {
  readonly groupId: string;
  readonly name: string;
  readonly kind: 'affinity' | 'anti-affinity';
  /** Whether it refuses hosts; otherwise it only prefers some. */
  readonly strict: boolean;
  /** Hosts on which the other members run, or have reserved room: one entry for each of them. */
  readonly hostIds: readonly string[];
}

/** What a machine needs of a host. */
export interface MachineNeeds {
  readonly vmId: string;
  readonly name: string;
  readonly zoneId: string;
  readonly cpuMhz: number;
  readonly memoryMib: number;
  readonly hypervisor: string;
  /** Tags that the host must bear. */
  readonly hostTags: readonly string[];
  readonly disks: readonly DiskNeed[];
  readonly affinity: readonly AffinityNeed[];
  /** A network of its that spans hosts by tunnels; null when it has none. */
  readonly tunnelNetwork: string | null;
  /** How many places of its zone are dedicated to somebody. */
  readonly dedications: number;
  readonly owner: { readonly accountId: string; /** See DomainEntity.path. */ readonly domainPath: string };
  /** Where it runs; null when it runs nowhere. */
  readonly hostId: string | null;
  /** Only this host, when an administrator asked for it. */
  readonly requestedHostId: string | null;
  /** Where it ran last: preferred among equals, its pages may still be cached there. */
  readonly lastHostId: string | null;
}

/** A host as it was a moment ago. */
export interface HostSnapshot {
  readonly id: string;
  readonly name: string;
  readonly clusterId: string;
  readonly podId: string;
  readonly zoneId: string;
  readonly state: string;
  /** Enabled, Disabled, or a state of its maintenance. */
  readonly allocationState: string;
  readonly hypervisor: string;
  readonly tags: readonly string[];
  /** Where its tunnels start; null when it has no address for them. */
  readonly tunnelAddress: string | null;
  readonly cpuMhzFree: number;
  readonly memoryMibFree: number;
  readonly memoryMib: number;
  /** Shut out of some pool since it was fenced, and not started anew since. */
  readonly isShutOut?: boolean;
}

/** A pool as it was a moment ago. Reach: one host, one cluster, or (neither) the zone. */
export interface PoolSnapshot {
  readonly id: string;
  readonly zoneId: string;
  readonly clusterId: string | null;
  readonly hostId: string | null;
  readonly state: string;
  readonly allocationState: string;
  /** Its kind; absent where nobody looks at it. */
  readonly kind?: string;
  readonly tags: readonly string[];
  readonly bytesFree: number;
}

/** Kinds of places that can be dedicated, the narrowest first. */
export const DEDICABLE = ['host', 'cluster', 'pod', 'zone'] as const;

/** A place that takes only machines of an account, or of a domain and all below it. */
export interface DedicationSnapshot {
  readonly resourceType: (typeof DEDICABLE)[number];
  readonly resourceId: string;
  readonly domainPath: string;
  /** Null: every account of the domain and of those below it. */
  readonly accountId: string | null;
}

/** What one decision looks at. */
export interface PlacementSnapshot {
  readonly hosts: readonly HostSnapshot[];
  readonly pools: readonly PoolSnapshot[];
  readonly dedications: readonly DedicationSnapshot[];
}

/** Why a host cannot take a machine; the list is closed. A host counts under the first that holds, in this order. */
export const HOST_REASONS = {
  'not-requested': 'Another host was asked for.',
  'runs-here': 'The machine runs there already.',
  state: 'The host is not up.',
  maintenance: 'The host is in maintenance, or prepared for it.',
  disabled: 'The host is disabled for new machines.',
  hypervisor: 'The host runs another hypervisor than the machine needs.',
  dedication: 'The host, or its cluster, pod or zone, is dedicated to others.',
  tags: 'The host lacks a tag that the service offering asks for.',
  affinity: 'The other members of a strict affinity group are elsewhere.',
  'anti-affinity': 'A strict anti-affinity group has another member there.',
  network: 'A network of the machine spans hosts by tunnels, and the host has no address for them.',
  storage: 'The host reaches no pool at all, or not the one that a disk is on.',
  'storage-tags': 'No pool that the host reaches bears the tags that the offering asks for.',
  'storage-room': 'No pool that the host reaches has room for the disk.',
  memory: 'Too little memory is free.',
  cpu: 'Too little processor capacity is free.',
  claimed: 'It was free when looked at, and had been taken when it was to be reserved.',
} as const;

/** A key of {@link HOST_REASONS}. */
export type HostReasonKind = keyof typeof HOST_REASONS;

/** Why one host cannot take the machine, with what it would need. */
export interface HostReason {
  readonly kind: HostReasonKind;
  /** What follows the host's name in a sentence: `has 512 MiB of memory free, 2048 needed`. */
  readonly text: string;
  /** Of memory (MiB), cpu (MHz) and storage-room (bytes): what is needed and what is free. */
  readonly need?: number;
  readonly free?: number;
  /** Of tags, hypervisor and the like: what is missing. */
  readonly missing?: string;
}

/** A reason in replies. */
export const hostReasonView = object('Why a host cannot take a machine', {
  kind: text('A word of the closed list of reasons'),
  text: text('The same for people', { max: 1024 }),
  need: long('What is needed: MiB of memory, MHz of processors, bytes of storage').optional(),
  free: long('What is free of it').optional(),
  missing: text('What is missing', { max: 1024 }).optional(),
});

/** Why a placement found no host, as the operation keeps it: bounded, the hosts that were nearest first. */
export const placementExplanation = z.object({
  /** Hosts looked at. */
  hostCount: z.int(),
  /** Hosts that fell out, by the first reason that held. */
  counts: z.record(z.string(), z.int()),
  hosts: z.array(z.object({ id: text('The host'), name: text('Its name'), reasons: z.array(hostReasonView) })),
});

/** See {@link placementExplanation}. */
export type PlacementExplanation = z.infer<typeof placementExplanation>;
