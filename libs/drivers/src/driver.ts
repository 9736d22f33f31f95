/**
 * What a driver is: one function per agent verb, plus what it observes by itself.
 *
 * A driver keeps no tokens and no tasks: the agent's guard (ledger, one verb per resource at a time, persistent
 * tasks) stands in front of every driver alike. Each function is all-or-nothing on its host and safe to repeat.
 */
import type { Duplex } from 'node:stream';
import type { MigrationDestination } from '@durastack/contracts/agent/migration';
import type { PoolBeat } from '@durastack/contracts/agent/pool-beat-verbs';
import type { ObservedVm, PoolSpec } from '@durastack/contracts/agent/specs';
import type { TransferProgress } from '@durastack/contracts/operations/transfer-progress';
import type { VerbName, VerbParams, VerbResult } from '@durastack/contracts/agent/verbs';

/**
 * The destination's half of one live migration, or of one volume's way to another host. At the destination its driver's own object; at the source one that
 * speaks to it through the agents. Cookies and the description are the hypervisor's, passed on unread.
 */
export interface MigrationReceiver {
  /** Makes a copy of the machine that waits for memory. The description counts only as far as the ticket's machine. */
  prepare(offer: { readonly description: string; readonly cookie: string }): Promise<{ readonly cookie: string }>;
  /** Where the memory goes. Comes after {@link prepare}, once. */
  openStream(): Promise<Duplex>;
  /** Where the content of disks that come along goes: the hypervisor's own protocol. As often as it asks, after {@link prepare}. */
  openDiskStream(): Promise<Duplex>;
  /**
   * Post-copy is about to begin. From now on neither side ends what it does for being told to: whoever breaks the
   * stream loses the machine.
   */
  beginPostCopy(): Promise<void>;
  /**
   * Lets the machine run at the destination; by post-copy this lasts until all memory has come.
   *
   * @returns whether it runs there now; if not, the copy is gone
   * @throws DurastackError when nobody can tell
   */
  finish(end: { readonly cookie: string }): Promise<{ readonly runs: boolean; readonly cookie: string }>;
}

/** A receiver on another host. */
export interface RemoteReceiver extends MigrationReceiver {
  /** Ends the connection: without a {@link finish} before, the copy over there goes. */
  close(): void;
}

/** What a running verb gets besides its parameters. */
export interface VerbContext {
  /** Aborted when the verb is cancelled: it must stop, leave nothing half-made, and reject. */
  readonly signal: AbortSignal;
  /** Reports progress of a long verb; in numbers too, if it copies. */
  readonly progress: (percent: number | undefined, detail: string, transfer?: TransferProgress) => void;
  /** For `sendVm` and `sendVolume`: shows the ticket to the destination's agent. */
  readonly reach?: (destination: MigrationDestination, signal: AbortSignal) => Promise<RemoteReceiver>;
  /** For `receiveVm` and `receiveVolume`: lets the ticket's source in. Resolves when that has ended the connection, whatever came of it. */
  readonly admit?: (receiver: MigrationReceiver, signal: AbortSignal) => Promise<void>;
}

/** One function per verb. */
export type DriverVerbs = {
  readonly [V in VerbName]: (params: VerbParams<V>, context: VerbContext) => Promise<VerbResult<V>>;
};

/** A pool's measured size. */
export interface PoolSize {
  readonly id: string;
  readonly capacityBytes: number;
  readonly availableBytes: number;
  /** Of a pool on a cluster that can shut clients out: the addresses by which those of this host are known there. */
  readonly addresses?: readonly string[];
  /** Of a directory that hosts share: the mount on which it lies, and how; another text after each change of it. */
  readonly mount?: string;
}

/** What a machine uses: processors in MHz, memory in MiB. */
export interface MachineUse {
  readonly id: string;
  readonly cpuMhz: number;
  readonly memoryMib: number;
}

/** A hypervisor host's driver. */
export interface HostDriver {
  readonly verbs: DriverVerbs;
  /** Connects and begins to watch. `onPowerChange` is called within 2 s of every change, whoever caused it. */
  start(onPowerChange: (vm: ObservedVm) => void): Promise<void>;
  /** Stops watching; touches no running machine. */
  stop(): Promise<void>;
  /** Present power of all machines of this control plane. */
  observe(): Promise<readonly ObservedVm[]>;
  /** The host's present boot, as in its facts. Asked before every verb that changes something: cheap. */
  bootId(): Promise<string>;
  /** Measured use of the host. */
  usage(): Promise<{ readonly cpuPercent: number; readonly memoryUsedMib: number }>;
  /** Measured use of its running machines since the previous call; one that was not there then may be left out. */
  machineUse(): Promise<readonly MachineUse[]>;
  /** Sizes of those of the pools that this driver measures; the agent itself measures the directories among the others. */
  measurePools?(pools: readonly PoolSpec[]): Promise<readonly PoolSize[]>;
  /** Writes the host's heartbeat to those of the pools that hosts share. Absent where it is seen without. */
  beatPools?(pools: readonly PoolSpec[], beat: PoolBeat): Promise<void>;
  /** The host writes none there any more. */
  endPoolBeats?(pool: PoolSpec, hostId: string): Promise<void>;
  /** A byte stream to the machine's VNC server. NOT_FOUND when it does not run here. */
  openConsole(vmId: string): Promise<Duplex>;
}
