/**
 * Recovery mode, in the worker that holds the dispatcher's lease: while it is active nothing is started.
 *
 * A restore shows in what hosts say. So when the control plane starts and the rows say of a host that it is up, and was not
 * heard for a minute, such hosts are listened to before anything is started.
 *
 * Each host first adopts the new control epoch (what an older one had running there has ended then), and is read
 * after that. When every host was read or written off, the rows are corrected by what was found, and it is over.
 */
import { asDurastackError } from '@durastack/contracts/errors';
import type { Logger } from '@durastack/kit/log/logger';
import { judgeRecovery } from '@durastack/model/recovery/judge-recovery';
import { transaction } from '@durastack/store/database/transaction';
import { controlEpoch } from '@durastack/store/operations/settings';
import {
  allHostsKnown,
  countUnheard,
  recordReading,
  recordSilence,
  reopenForReturned,
  takeHostsToRead,
  type HostToRead,
} from '@durastack/store/recovery/recovery-hosts';
import { activeRecovery, raiseAbove } from '@durastack/store/recovery/recovery-state';
import type { DataSource } from 'typeorm';
import type { AgentGateway } from '../agent-gateway.js';
import { applyRecovery, readRecoveryFacts } from '../recovery/recovery-rows.js';

const HOSTS_AT_ONCE = 32;
const ANNOUNCE_TIMEOUT_MS = 3_000;
const INVENTORY_TIMEOUT_MS = 10_000;
const LOOK_FOR_RETURNED_MS = 5_000;
/** Beats of the hosts that are listened for at most, and what a beat may be late. */
const LISTEN_BEATS = 2;
const BEAT_LATE_MS = 2_000;

/** Recovery as the dispatcher sees it. */
export interface RecoveryWatch {
  /** Does what is due. @returns true while nothing may be started */
  round(): Promise<boolean>;
}

/** What it works with; `intervalMs`: how often hosts send heartbeats. */
export interface RecoveryWatchParts {
  readonly source: DataSource;
  readonly agents: AgentGateway;
  readonly log: Logger;
  readonly intervalMs: number;
}

/** Makes one. */
export function createRecoveryWatch(parts: RecoveryWatchParts): RecoveryWatch {
  const { source, log } = parts;
  const mustListen = listenFirst(parts);
  let told = '';
  let lookedAt = -Infinity;
  return {
    async round() {
      const state = await transaction(source, activeRecovery);
      if (!state) {
        told = '';
        if (await mustListen()) return true;
        if (performance.now() - lookedAt < LOOK_FOR_RETURNED_MS) return false;
        lookedAt = performance.now();
        return reopenForReturned(source);
      }
      const present = `${state.startedAt} ${state.confirmed}`;
      if (told !== present) {
        const message = state.confirmed
          ? 'recovery mode: the database is older than the hosts; nothing is started until all were looked at'
          : 'recovery mode: hosts obey a higher control epoch; waiting for an administrator (dura recover)';
        log.error({ ...state }, message);
        told = present;
      }
      if (!state.confirmed) return true;
      const hosts = await transaction(source, (tx) => takeHostsToRead(tx, HOSTS_AT_ONCE));
      await Promise.all(hosts.map((host) => readHost(parts, host)));
      if (await transaction(source, allHostsKnown)) await conclude(parts);
      return true;
    },
  };
}

/** Whether hosts have to be heard first; once it is not so, never again in this process. */
function listenFirst({ source, log, intervalMs }: RecoveryWatchParts): () => Promise<boolean> {
  let over = false;
  let sinceMs: number | undefined;
  return async () => {
    if (over) return false;
    const unheard = await transaction(source, countUnheard);
    if (sinceMs === undefined && unheard > 0) {
      sinceMs = performance.now();
      log.warn({ unheard }, 'hosts that are up were not heard for long: listening to them before anything is started');
    }
    const waitedMs = sinceMs === undefined ? Infinity : performance.now() - sinceMs;
    over = unheard === 0 || waitedMs > LISTEN_BEATS * intervalMs + BEAT_LATE_MS;
    return !over;
  };
}

async function readHost(
  { source, agents, log }: { source: DataSource; agents: AgentGateway; log: Logger },
  host: HostToRead,
): Promise<void> {
  try {
    const epoch = await transaction(source, controlEpoch);
    const adopted = await agents.client.adoptControlEpoch(host, epoch, { timeoutMs: ANNOUNCE_TIMEOUT_MS });
    if (adopted.controlEpoch > epoch) return await raiseAbove(source, adopted.controlEpoch);
    const params = { pools: [...host.pools] };
    const inventory = await agents.client.call(host, 'getInventory', params, { timeoutMs: INVENTORY_TIMEOUT_MS });
    await recordReading(source, { hostId: host.id, ...adopted, inventory });
  } catch (error) {
    const { code, message } = asDurastackError(error);
    log.warn({ hostId: host.id, code, message }, 'recovery waits for a host');
    await transaction(source, (tx) => recordSilence(tx, host.id, `${code}: ${message}`));
  }
  return undefined;
}

async function conclude({ source, log }: { source: DataSource; log: Logger }): Promise<void> {
  const verdict = judgeRecovery(await transaction(source, readRecoveryFacts));
  await applyRecovery(source, verdict);
  const { machines, operations, findings } = verdict;
  const ended = operations.map(({ id, outcome }) => `${id} ${outcome}`);
  log.warn(
    { machines: machines.map(({ id }) => id), operations: ended, findings: findings.length },
    'recovery ended: the rows say what is on the hosts',
  );
}
