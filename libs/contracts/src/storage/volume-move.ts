/** What is looked at before a volume is moved: read by the store, judged by the model. */

/** The volume, as far as its move is concerned. */
export interface VolumeToMove {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly zoneId: string;
  /** Null while it is on no pool. */
  readonly poolId: string | null;
  readonly sizeBytes: number;
  /** Tags that its pool must bear. */
  readonly tags: readonly string[];
  /** The machine that has it. */
  readonly machine?: {
    readonly id: string;
    readonly name: string;
    readonly state: string;
    readonly hostId: string | null;
  };
}

/** A pool that it may go to. */
export interface MoveTarget {
  readonly id: string;
  readonly name: string;
  readonly zoneId: string;
  readonly state: string;
  readonly allocationState: string;
  readonly kind: string;
  readonly capacityBytes: number;
  /** How many times its capacity it offers. */
  readonly overprovisioning: number;
  readonly reservedBytes: number;
  readonly tags: readonly string[];
  /**
   * A host that is up and reaches it, the volume's present pool, and all other disks of the machine; the machine's own
   * when it is on one. Null when there is none.
   */
  readonly hostId: string | null;
}
