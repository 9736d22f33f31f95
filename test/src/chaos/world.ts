/** What a run acts on: a cloud of real processes, on simulated hosts or on this machine's libvirt. */
import type { ApiClient } from '@durastack/cli/api/api-client';
import type { FaultRule } from '@durastack/drivers/simulator/faults';
import type { SimulatedEffect } from '@durastack/drivers/simulator/effect-log';
import type { AgentClient } from '@durastack/kit/agent-client/agent-client';
import type { DataSource } from 'typeorm';
import type { PartName } from './plan.js';

/** A process that this run has started. */
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
}

/** See the module's head. */
export interface ChaosWorld {
  /** Without path. */
  readonly apiUrl: string;
  readonly admin: ApiClient;
  readonly source: DataSource;
  readonly agents: AgentClient;
  /** host:port of its frontend. */
  readonly temporalAddress: string;
  readonly parts: ReadonlyMap<PartName, Part>;
  /** Faults come one after the other, because starting one part looks after all of them. */
  readonly oneFaultAtATime: boolean;
  /** What every deploy says besides the name. */
  readonly machine: {
    readonly zoneId: string;
    readonly templateId: string;
    readonly serviceOfferingId: string;
    readonly networkId: string;
  };
  /** Orders a fault between control plane and agents; returns how to take it back. */
  readonly disturb?: (rule: FaultRule) => Promise<() => Promise<void>>;
  /** Everything that began or ended on hosts, in order. */
  effects(): AsyncIterable<SimulatedEffect>;
  stop(): Promise<void>;
}
