/** What a run acts on: a cloud of real processes, on simulated hosts or on this machine's libvirt. */
import type { FaultRule } from '@durastack/drivers/simulator/faults';
import type { SimulatedEffect } from '@durastack/drivers/simulator/effect-log';
import type { AgentClient } from '@durastack/kit/agent-client/agent-client';
import type { DataSource } from 'typeorm';
import type { Keys } from './calls.js';
import type { PartName } from './plan.js';

/** A process that this run has started, or a host that it may switch off. */
export interface Part {
  /** Whether it exists; one that is paused does. */
  alive(): Promise<boolean>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Starts it, and returns when it answers. Rejects when it does not come up. */
  start(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** The end of its log. */
  log(): string;
  /** The product itself switches it off when it takes it for dead; it is started again, and nobody is to blame. */
  readonly isFenceable?: true;
}

/** See the module's head. */
export interface ChaosWorld {
  /** Without path. */
  readonly apiUrl: string;
  readonly adminKeys: Keys;
  readonly source: DataSource;
  readonly agents: AgentClient;
  /** host:port of its frontend. */
  readonly temporalAddress: string;
  readonly parts: ReadonlyMap<PartName, Part>;
  /** Faults that share a lane come one after the other, e.g. where starting one part looks after others too. */
  lanesOf(part: PartName): readonly string[];
  /** Whether what is in {@link moves} is asked for too. */
  readonly moves?: Moves;
  /** What every deploy says besides the name. */
  readonly machine: {
    readonly zoneId: string;
    readonly templateId: string;
    readonly serviceOfferingId: string;
    readonly networkId: string;
    /** Base64. */
    readonly userData?: string;
  };
  /** Orders a fault between control plane and agents; returns how to take it back. */
  readonly disturb?: (rule: FaultRule) => Promise<() => Promise<void>>;
  /** Everything that began or ended on hosts, in order. */
  effects(): AsyncIterable<SimulatedEffect> | Promise<readonly SimulatedEffect[]>;
  /**
   * Looks at what the run has left, from outside of the product, once everything is back and nothing is under way.
   *
   * @returns a sentence for each machine that ran twice, and for each that is lost
   */
  lookAtGuests?(accountIds: readonly string[]): Promise<string[]>;
  stop(): Promise<void>;
}

/** What machines are moved between. */
export interface Moves {
  /** Ids, in the order of the hosts' names. */
  readonly hostIds: readonly string[];
  /** Ids of two pools. */
  readonly poolIds: readonly [string, string];
  /** Of data disks, one GiB each. */
  readonly diskOfferingId: string;
}
