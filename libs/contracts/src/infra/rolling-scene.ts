/** A rolling maintenance: read by the store, judged by the model. */

/** What a host can take, and what is given out of it. */
export interface HostRoom {
  readonly id: string;
  readonly cpuMhz: number;
  readonly memoryMib: number;
  readonly cpuMhzReserved: number;
  readonly memoryMibReserved: number;
}

/** A host that is to be maintained. */
export interface RollingHost extends HostRoom {
  readonly name: string;
  readonly clusterId: string;
  /** Whether it answers and takes machines. */
  readonly usable: boolean;
}

/** The maintenance of one host, a child of the rolling one. */
export interface RollingChild {
  readonly hostId: string;
  readonly state: string;
  readonly errorCode: string | null;
  readonly error: string | null;
}

/** What is known of a rolling maintenance. */
export interface RollingScene<Child extends RollingChild = RollingChild> {
  /** Those to be maintained, in order. */
  readonly targets: readonly RollingHost[];
  /** Every usable host of their clusters, with its cluster. */
  readonly clusterHosts: readonly RollingHost[];
  readonly children: readonly Child[];
  /** Passed over before. */
  readonly skipped: readonly { readonly hostId: string; readonly reason: string }[];
  readonly forced: boolean;
}
