/**
 * What is known when somebody asks whether the machines of a silent host are dead. Facts alone; what follows from them
 * is decided by {@link file://./judge-proof.ts}. Moments are milliseconds since 1970 by the database's clock, which is
 * also what heartbeats are stamped with; lengths are milliseconds.
 */

/** How a machine's old copy can be proven dead, or shut out of a disk. An agent's own timer is none of them. */
export const PROOF_KINDS = [
  'declared-lost',
  'held-off',
  'new-boot',
  'watchdog-expired',
  'blocklisted',
  'image-locked',
] as const;
/** See {@link PROOF_KINDS}. */
export type ProofKind = (typeof PROOF_KINDS)[number];

/** A disk of a machine, with the pool that it is on. */
export interface SuspectDisk {
  readonly volumeId: string;
  readonly poolId: string;
  readonly poolName: string;
  /** directory, shared-mount-point or rbd. */
  readonly poolKind: string;
  /**
   * Whether the lost host's QEMU and another one's were seen to be kept off an image that the other one has open, in
   * the boot and on the mount that the host had; null: nobody tried.
   */
  readonly locks: 'proven' | 'not proven' | null;
}

/** A machine whose old copy may still run. */
export interface SuspectVm {
  readonly vmId: string;
  readonly name: string;
  readonly disks: readonly SuspectDisk[];
}

/** Something that only a living host does. */
export interface SignOfLife {
  /** For people: `a heartbeat`, `peer host-2 reaches it`, `its storage heartbeat on ceph`. */
  readonly what: string;
  readonly atMs: number;
}

/** What the management controller says. */
export interface PowerEvidence {
  /** When it first said off, and when a later connection of its own said so again; null: it did not. */
  readonly firstOffAtMs: number | null;
  readonly againOffAtMs: number | null;
  /** It is written down that nobody may switch the host on until it is released. */
  readonly isHeldOff: boolean;
  /** Why there is no answer, for people; null: there is one. */
  readonly trouble: string | null;
}

/** What the cluster of one pool says of the host's addresses. */
export interface BlocklistEvidence {
  readonly poolId: string;
  /** Every address under which the host's clients may be known there. */
  readonly registered: readonly string[];
  /** Those that the cluster's own list shows shut out. */
  readonly listed: readonly string[];
  readonly trouble: string | null;
}

/** What the host says of itself since it is heard again. */
export interface BootEvidence {
  /** Its boot id when its machines were last known to run there; null: never told. */
  readonly before: string | null;
  readonly now: string | null;
  /** Machines that exist there in its present boot, in any power state; null: it was not asked. */
  readonly present: readonly string[] | null;
}

/** A disk that another host has opened for writing and keeps open until the new copy takes it over. */
export interface LockEvidence {
  readonly volumeId: string;
  readonly poolId: string;
  /** The host that holds it; null: it could not be had. */
  readonly holder: string | null;
  readonly trouble: string | null;
}

/** A hardware watchdog that resets the host when its lease is not renewed. */
export interface WatchdogEvidence {
  /** Armed, and by hardware: a process's own timer is no proof. */
  readonly isHardware: boolean;
  readonly periodMs: number;
  readonly marginMs: number;
  /** For how long the lease has run out, by the observer's monotonic clock. */
  readonly expiredForMs: number;
}

/** An operator's word that the host is gone. */
export interface DeclaredLostEvidence {
  readonly by: string;
  readonly atMs: number;
}

/** Everything about one host. What was not looked at is absent. */
export interface ProofEvidence {
  readonly hostName: string;
  readonly nowMs: number;
  /** For how long a host must have been quiet before a controller's word counts: two heartbeats and what hangs. */
  readonly quietMs: number;
  readonly signsOfLife: readonly SignOfLife[];
  readonly declaredLost?: DeclaredLostEvidence;
  readonly power?: PowerEvidence;
  readonly boot?: BootEvidence;
  readonly watchdog?: WatchdogEvidence;
  readonly blocklists?: readonly BlocklistEvidence[];
  readonly locks?: readonly LockEvidence[];
}
