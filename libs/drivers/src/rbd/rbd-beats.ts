/** Heartbeats of hosts on a pool of a Ceph cluster: a small object for each. */
import { parseBeat } from '@durastack/contracts/agent/pool-beat-verbs';
import type { RbdPoolSpec } from '@durastack/contracts/agent/specs';
import { isDurastackError } from '@durastack/contracts/errors';
import type { PoolDriver } from '../pool-driver.js';
import { callCeph, type CephCaller } from './ceph-tool.js';

/** Not a name that `rbd` gives. */
const objectOf = (hostId: string): string => `durastack.heartbeat.${hostId}`;

/** `rados` always ends with status 1, and names the error. */
const ABSENT = /\(2\) No such file/;
/** A call that takes longer is no heartbeat. */
const CALL_MS = 10_000;

type Beats = Required<Pick<PoolDriver<RbdPoolSpec>, 'beat' | 'readBeat' | 'endBeats'>>;

/** The part of the driver that is about them. */
export function rbdBeats(callerOf: (pool: RbdPoolSpec) => Promise<CephCaller>): Beats {
  const call = async (pool: RbdPoolSpec, words: readonly string[], input?: string): Promise<string> =>
    callCeph('rados', await callerOf(pool), ['--pool', pool.pool, ...words], {
      timeoutMs: CALL_MS,
      ...(input === undefined ? {} : { input }),
    });
  return {
    beat: async (pool, beat) => void (await call(pool, ['put', objectOf(beat.hostId), '-'], JSON.stringify(beat))),
    readBeat: async (pool, hostId) => {
      const text = await call(pool, ['get', objectOf(hostId), '-']).catch(unlessAbsent);
      return text === undefined ? undefined : parseBeat(text);
    },
    endBeats: async (pool, hostId) => void (await call(pool, ['rm', objectOf(hostId)]).catch(unlessAbsent)),
  };
}

function unlessAbsent(error: unknown): undefined {
  if (isDurastackError(error) && ABSENT.test(String(error.details['stderr']))) return undefined;
  throw error;
}
