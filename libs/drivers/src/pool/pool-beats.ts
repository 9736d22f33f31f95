/**
 * Heartbeats of hosts on the pools that they share. Who is silent on the network and goes on to write here is cut off,
 * not dead; who has stopped here too, while others can write, is likely to be dead.
 *
 * A pool that hangs keeps one reader and one writer waiting, never more: the process has few threads for files.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolBeat } from '@durastack/contracts/agent/pool-beat-verbs';
import type { PoolSpec } from '@durastack/contracts/agent/specs';
import type { VerbParams, VerbResult } from '@durastack/contracts/agent/verbs';
import type { PoolDriver } from '../pool-driver.js';

const LOOK_EVERY_MS = 1_000;
/** The last look reads twice, on a host that may be busy. */
const LAST_LOOK_MS = 4_000;

/** The part of a pool's driver that is about heartbeats. */
export type BeatingPool = Required<Pick<PoolDriver, 'beat' | 'readBeat'>>;

/** See the module's head. One per host. */
export class PoolBeats {
  private readonly writing = new Set<string>();
  private readonly reading = new Set<string>();

  /** @param driverOf undefined for pools of one host alone */
  constructor(private readonly driverOf: (pool: PoolSpec) => BeatingPool | undefined) {}

  /** Writes one to every pool that is free; waits for none that hangs. */
  async write(pools: readonly PoolSpec[], beat: PoolBeat): Promise<void> {
    await Promise.all(
      pools.map(async (pool) => {
        const driver = this.driverOf(pool);
        if (driver === undefined || this.writing.has(pool.id)) return;
        this.writing.add(pool.id);
        // A pool that takes no heartbeat is one on which this host is not seen; those who need it learn what is wrong.
        await driver.beat(pool, beat).then(undefined, () => undefined);
        this.writing.delete(pool.id);
      }),
    );
  }

  /** See the verb. */
  async watch(
    { hostId, ownId, pools, forMs }: VerbParams<'watchPoolBeats'>,
    signal: AbortSignal,
  ): Promise<VerbResult<'watchPoolBeats'>> {
    const untilMs = performance.now() + forMs;
    const looks = pools.map(async (pool) => {
      const look = this.watchOne(pool, { hostId, ownId, untilMs }, signal);
      const hung = sleep(forMs + LAST_LOOK_MS, undefined, { signal });
      const beats = await Promise.race([look, hung]).catch(() => undefined);
      return beats === undefined ? [] : [{ poolId: pool.id, beats }];
    });
    return { seen: (await Promise.all(looks)).flat() };
  }

  private async watchOne(
    pool: PoolSpec,
    { hostId, ownId, untilMs }: { readonly hostId: string; readonly ownId: string; readonly untilMs: number },
    signal: AbortSignal,
  ): Promise<'go on' | 'stopped' | undefined> {
    const driver = this.driverOf(pool);
    if (driver === undefined || this.reading.has(pool.id)) return undefined;
    this.reading.add(pool.id);
    try {
      const read = async (id: string) => JSON.stringify((await driver.readBeat(pool, id)) ?? null);
      const [other, own] = [await read(hostId), await read(ownId)];
      if (other === 'null') return undefined;
      for (;;) {
        await sleep(LOOK_EVERY_MS, undefined, { signal });
        const now = await read(hostId);
        if (now !== 'null' && now !== other) return 'go on';
        if (performance.now() >= untilMs) return (await read(ownId)) === own ? undefined : 'stopped';
      }
    } finally {
      this.reading.delete(pool.id);
    }
  }
}
