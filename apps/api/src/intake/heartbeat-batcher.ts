import type { Heartbeat } from '@durastack/contracts/agent/wire';
import { recordHeartbeats, type ReceivedHeartbeat, type Reception } from '@durastack/store/infra/record-heartbeats';
import type { DataSource } from 'typeorm';

/** Heartbeats of so long are written together: a change of power must be seen within two seconds. */
const COLLECT_MS = { few: 50, many: 250 } as const;
/** So many at once come from hundreds of hosts: the more of their heartbeats share a transaction, the less each costs. */
const MANY = 8;
const MAX_BATCH = 250;

interface Waiting extends ReceivedHeartbeat {
  /** By the monotonic clock. */
  readonly sinceMs: number;
  readonly resolve: (reception: Reception) => void;
  readonly reject: (error: unknown) => void;
}

/** Collects heartbeats and writes many in one transaction, one batch at a time. */
export class HeartbeatBatcher {
  private waiting: Waiting[] = [];
  private timer: NodeJS.Timeout | undefined;
  private collectMs: number = COLLECT_MS.few;
  private writing: { readonly batch: readonly Waiting[]; readonly done: Promise<void> } | undefined;

  constructor(private readonly database: DataSource) {}

  /** Records one; settles when it is written. */
  record(heartbeat: Heartbeat, serial: string): Promise<Reception> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ heartbeat, serial, sinceMs: performance.now(), resolve, reject });
      this.timer ??= setTimeout(() => this.flush(), this.collectMs);
    });
  }

  /** For how long the oldest heartbeat that is not written yet has waited. */
  behindMs(): number {
    const oldest = this.writing?.batch[0] ?? this.waiting[0];
    return oldest === undefined ? 0 : performance.now() - oldest.sinceMs;
  }

  /** Waits for what was taken to be written. */
  async drain(): Promise<void> {
    while (this.writing || this.waiting.length > 0) {
      this.flush();
      await this.writing?.done;
    }
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.writing) return;
    const batch = this.takeBatch();
    if (batch.length === 0) return;
    this.collectMs = batch.length < MANY ? COLLECT_MS.few : COLLECT_MS.many;
    const done = this.write(batch).finally(() => {
      this.writing = undefined;
      if (this.waiting.length > 0) this.flush();
    });
    this.writing = { batch, done };
  }

  /** The oldest ones, each host once: a second report of a host has to come after its first. */
  private takeBatch(): Waiting[] {
    const hosts = new Set<string>();
    const batch: Waiting[] = [];
    const rest: Waiting[] = [];
    for (const one of this.waiting) {
      const fits = batch.length < MAX_BATCH && !hosts.has(one.heartbeat.hostId);
      hosts.add(one.heartbeat.hostId);
      (fits ? batch : rest).push(one);
    }
    this.waiting = rest;
    return batch;
  }

  private async write(batch: readonly Waiting[]): Promise<void> {
    try {
      const outcome = await recordHeartbeats(this.database, batch);
      for (const { heartbeat, resolve } of batch) resolve(outcome.get(heartbeat.hostId) ?? 'refused');
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
