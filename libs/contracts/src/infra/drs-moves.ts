/** A plan of the distributed resource scheduler while it is carried out: read by the store, judged by the model. */

/** A move, and what has become of it. */
export interface DrsMove {
  readonly position: number;
  readonly vmId: string;
  readonly vmName: string | null;
  readonly fromHostId: string;
  readonly toHostId: string;
  readonly passedOver: string | null;
  /** Of the operation that moves it; null: there is none yet. */
  readonly childState: string | null;
  readonly childError: string | null;
  /** Of the machine; null: it is nowhere, or gone. */
  readonly vmHostId: string | null;
  readonly vmState: string | null;
  readonly vmBusy: boolean;
}

/** A host that is not as it was planned for. */
export interface ChangedHost {
  readonly id: string;
  readonly name: string;
  readonly what: string;
  readonly awaited: boolean;
}
