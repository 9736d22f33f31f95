/**
 * Finds out, for every directory that hosts share, whether QEMU's image locks reach from host to host: two hosts, in
 * both directions, with QEMU itself. Repeated when a host was added or started anew, when it has mounted the directory
 * anew, and once a day. What is found is the ground of the proof by an image lock, and shown by listStoragePools.
 */
import { isDurastackError } from '@durastack/contracts/errors';
import type { Logger } from '@durastack/kit/log/logger';
import { newId } from '@durastack/kit/ids/new-id';
import { judgeLockTrial } from '@durastack/model/ha/judge-lock-trial';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { noteTrial, readDueTrials, type DueTrial } from '@durastack/store/proof/lock-trials';
import { activeRecovery } from '@durastack/store/recovery/recovery-state';
import type { DataSource } from 'typeorm';
import type { AgentGateway } from '../agent-gateway.js';
import { startLeasedLoop, type LeasedLoop } from './leased-loop.js';

/** Short, since hosts that die before their trial leave nothing to prove: after a worker's death others try soon. */
const LEASE = { name: 'lock-trials', ttlMs: 10_000 } as const;
const EVERY_MS = 5_000;
/** Trials of one round, at the same time: ten thousand hosts that start together are tried within hours, not at once. */
const AT_ONCE = 4;
const ACT_MS = 20_000;
/** A host that could not be tried is tried again after this. */
const AGAIN_MS = 60_000;

/** What the loop works with. */
export interface LockTrialsOptions {
  readonly source: DataSource;
  readonly agents: Pick<AgentGateway, 'read'>;
  readonly log: Logger;
  /** This worker's name, unique among workers. */
  readonly holder: string;
}

type Act = 'hold' | 'try' | 'release' | 'end';

/** Starts the loop. */
export function startLockTrials(options: LockTrialsOptions): LeasedLoop {
  const notBefore = new Map<string, number>();
  return startLeasedLoop({
    ...options,
    name: 'the trials of image locks',
    lease: LEASE,
    everyMs: EVERY_MS,
    async round() {
      if (await activeRecovery(autocommit(options.source))) return;
      const nowMs = performance.now();
      for (const [key, atMs] of notBefore) if (atMs <= nowMs) notBefore.delete(key);
      const due = await readDueTrials(autocommit(options.source), AT_ONCE + notBefore.size);
      const chosen = due.filter((trial) => !notBefore.has(keyOf(trial))).slice(0, AT_ONCE);
      await Promise.all(
        chosen.map((trial) =>
          tryLocks(options, trial).catch((error: unknown) => {
            notBefore.set(keyOf(trial), performance.now() + AGAIN_MS);
            if (!isDurastackError(error)) throw error;
            options.log.info({ error, poolId: trial.poolId, host: trial.one.name }, 'image locks could not be tried');
          }),
        ),
      );
    },
  });
}

const keyOf = ({ poolId, one }: DueTrial): string => `${poolId} ${one.id}`;

/** Makes one trial and writes down what came of it. Throws what the hosts' agents throw. */
export async function tryLocks({ source, agents }: LockTrialsOptions, trial: DueTrial): Promise<void> {
  const { poolId, path, one, other } = trial;
  const pool = { id: poolId, kind: 'shared-mount-point' as const, path };
  const probeId = newId();
  const act = (host: { readonly id: string }, what: Act) =>
    agents.read(host.id, 'probeImageLock', { pool, probeId, act: what }, ACT_MS);
  try {
    const oneHolds = await act(one, 'hold');
    const otherTries = await act(other, 'try');
    await act(one, 'release');
    // One that sees another directory would make an image of its own there.
    const otherHolds = otherTries.finding === 'absent' ? otherTries : await act(other, 'hold');
    const oneTries = await act(one, 'try');
    const found = {
      ...{ one: one.name, other: other.name, oneHolds: oneHolds.finding, otherTries: otherTries.finding },
      ...{ otherHolds: otherHolds.finding, oneTries: oneTries.finding },
    };
    const { isProven, detail } = judgeLockTrial(found);
    const hosts = [
      { hostId: one.id, withHostId: other.id, mount: oneHolds.mount },
      { hostId: other.id, withHostId: one.id, mount: otherTries.mount },
    ];
    await transaction(source, (tx) => noteTrial(tx, poolId, { hosts, isProven, detail }));
  } finally {
    // What is not ended here ends by itself.
    await Promise.allSettled([act(one, 'end'), act(other, 'end')]);
  }
}
