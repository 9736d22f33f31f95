/** How hosts see each other through the pools that they share; see {@link VERBS}. */
import { z } from 'zod';
import { id, poolSpec } from './specs.js';
import { verb } from './verb.js';

/** What a host writes to a pool again and again. */
const poolBeat = z.object({
  hostId: id,
  bootId: z.string().max(64),
  /** Rises with each one. */
  count: z.int().min(0),
});
/** See {@link poolBeat}. */
export type PoolBeat = z.infer<typeof poolBeat>;

/** Reads what was written; undefined: it is none, or not whole. */
export function parseBeat(text: string): PoolBeat | undefined {
  try {
    return poolBeat.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The verb. */
export const POOL_BEAT_VERBS = {
  watchPoolBeats: verb({
    description:
      'Whether another host goes on to write its heartbeat to these pools: looks until it has written, or for so long. `stopped` only of pools to which this host itself has written meanwhile; pools that cannot be read, or that the other one never wrote to, are left out.',
    params: z.object({
      hostId: id,
      /** The one that looks. */
      ownId: id,
      pools: z.array(poolSpec).max(8),
      forMs: z.int().min(0).max(20_000),
    }),
    result: z.object({ seen: z.array(z.object({ poolId: id, beats: z.enum(['go on', 'stopped']) })) }),
    token: 'read',
  }),
};
