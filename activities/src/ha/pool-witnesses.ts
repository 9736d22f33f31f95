/**
 * What pools tell of a silent host: whether it goes on to write its heartbeat there. A host that does is cut off, not
 * dead.
 *
 * Looking takes longer than asking neighbours, up to one and a half heartbeats; so it begins as soon as a host has fallen
 * silent, and whoever asks later waits for the rest.
 */
import { isDurastackError } from '@durastack/contracts/errors';
import type { Witnesses } from '@durastack/model/ha/detect';
import { autocommit } from '@durastack/store/database/transaction';
import {
  readNeighbours,
  readSharedPools,
  type Neighbour,
  type SharedPool,
  type WatchedHost,
} from '@durastack/store/ha/ha-scene';
import type { AskedPools, WitnessParts } from './witnesses.js';

type Pools = Witnesses['pools'];

/** Neighbours that look; one is enough while very many hosts are silent. */
const LOOKERS = 2;
const VERY_MANY = 100;
const HEARTBEATS = 1.5;
/** On top, for the call and its last look. */
const CALL_MS = 6_000;
/** What was seen so long ago is looked at anew. */
const AGE_MS = 10_000;

interface Look {
  /** The heartbeat that was the last one when it began. */
  readonly heardAt: string;
  readonly pools: Promise<Pools>;
  endedAtMs: number | undefined;
}

/** See the module's head. One per detector. */
export class PoolWitnesses implements AskedPools {
  private readonly looks = new Map<string, Look>();
  private readonly forMs: number;

  /** @param intervalMs between heartbeats */
  constructor(
    private readonly parts: WitnessParts,
    intervalMs: number,
  ) {
    this.forMs = Math.min(20_000, Math.round(HEARTBEATS * intervalMs));
  }

  /** What pools tell of the host: a look that is under way or lately ended, else a new one. */
  ask(host: WatchedHost, heardWithinMs: number): Promise<Pools> {
    const nowMs = performance.now();
    for (const [id, { endedAtMs }] of this.looks)
      if (endedAtMs !== undefined && nowMs - endedAtMs > AGE_MS) this.looks.delete(id);
    const known = this.looks.get(host.id);
    if (known?.heardAt === host.heardAt) return known.pools;
    const look: Look = { heardAt: host.heardAt, pools: this.look(host, heardWithinMs), endedAtMs: undefined };
    this.looks.set(host.id, look);
    const ended = (): void => {
      look.endedAtMs = performance.now();
    };
    look.pools.then(ended, ended);
    return look.pools;
  }

  private async look(host: WatchedHost, heardWithinMs: number): Promise<Pools> {
    const db = autocommit(this.parts.source);
    const shared = await readSharedPools(db, host.id);
    if (shared.length === 0) return [];
    const lookers = await readNeighbours(db, host, { heardWithinMs, most: this.looks.size > VERY_MANY ? 1 : LOOKERS });
    const seen = (await Promise.all(lookers.map((looker) => this.lookBy(looker, host, shared)))).flat();
    return shared.flatMap(({ spec, name }) => {
      const beats = seen.filter(({ poolId }) => poolId === spec.id).map((one) => one.beats);
      if (beats.length === 0) return [];
      // One who has seen it write outweighs all who have not.
      return [{ name, heartbeat: beats.includes('go on') ? ('goes on' as const) : ('stopped' as const) }];
    });
  }

  private async lookBy(looker: Neighbour, host: WatchedHost, shared: readonly SharedPool[]) {
    const params = { hostId: host.id, ownId: looker.id, pools: shared.map(({ spec }) => spec), forMs: this.forMs };
    try {
      return (await this.parts.agents.read(looker.id, 'watchPoolBeats', params, this.forMs + CALL_MS)).seen;
    } catch (error) {
      if (!isDurastackError(error)) throw error;
      this.parts.log.debug({ error, neighbour: looker.name, host: host.name }, 'a neighbour could not look at pools');
      return [];
    }
  }
}
