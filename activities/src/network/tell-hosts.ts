/**
 * Tells hosts which others have a network, after that changed.
 *
 * Each host is told until it has said that it knows; one that is down is told when it is up again, and holds up nobody.
 * The host that a machine comes to knows already: what it is to run names the tunnels. So this is about all the others.
 */
import type { AgentToken } from '@durastack/contracts/agent/token';
import type { NetworkSpec } from '@durastack/contracts/agent/specs';
import { isDurastackError } from '@durastack/contracts/errors';
import type { AgentAddress } from '@durastack/kit/agent-client/agent-client';
import { transaction, type Tx } from '@durastack/store/database/transaction';
import {
  confirmTold,
  readNetworkSpecs,
  readStale,
  readStaleOf,
  type NetworkOnHost,
} from '@durastack/store/network/fabric';
import { controlEpoch } from '@durastack/store/operations/settings';
import type { DataSource } from 'typeorm';
import type { AgentGateway } from '../agent-gateway.js';

/** What is told at the same time, over all hosts. */
const AT_ONCE = 50;
/** A host that needs longer is asked again. */
const ANSWER_WITHIN_MS = 5_000;
/** A round waits so long for answers; what is not answered by then goes on beside the next rounds. */
const ROUND_MS = 1_000;
/** A host that refuses is asked again after so long: somebody has to put something right there. */
const REFUSED_MS = 30_000;
const BEGINNING: NetworkOnHost = { networkId: '', hostId: '' };

/** What is asked of a host. */
interface Word {
  readonly host: AgentAddress;
  readonly network: NetworkSpec;
  readonly token: AgentToken;
}

/** Says to hosts what they may not know yet. */
export interface HostTeller {
  /** A round over all networks; gives what went wrong. */
  round(): Promise<readonly unknown[]>;
}

/** Makes one; it asks each host one thing at a time. */
export function createHostTeller(source: DataSource, agents: Pick<AgentGateway, 'client'>): HostTeller {
  const asked = new Set<string>();
  const refusedMs = new Map<string, number>();
  const isLeftAlone = (hostId: string): boolean =>
    performance.now() - (refusedMs.get(hostId) ?? -Infinity) < REFUSED_MS;
  let after = BEGINNING;
  return {
    async round() {
      const page = await transaction(source, (tx) => readStale(tx, after, 4 * AT_ONCE));
      after = page.length < 4 * AT_ONCE ? BEGINNING : (page.at(-1) ?? BEGINNING);
      const failures: unknown[] = [];
      const calls: Promise<void>[] = [];
      for (const hostId of new Set(page.map((place) => place.hostId))) {
        if (asked.has(hostId) || asked.size >= AT_ONCE || isLeftAlone(hostId)) continue;
        asked.add(hostId);
        const places = page.filter((place) => place.hostId === hostId);
        const call = tellAll(source, agents, places)
          .catch((error: unknown) => {
            refusedMs.set(hostId, performance.now());
            failures.push(error);
          })
          .finally(() => asked.delete(hostId));
        calls.push(call);
      }
      await within(ROUND_MS, calls);
      return failures;
    },
  };
}

/**
 * Tells every host that is up which others have the machine's networks, and waits for what they say, but not for long:
 * what is not told then is told by the rounds. For steps after which traffic to the machine should find it at once.
 */
export async function tellHostsOf(
  source: DataSource,
  agents: Pick<AgentGateway, 'client'>,
  vmId: string,
): Promise<void> {
  const places = await transaction(source, (tx) => readStaleOf(tx, vmId));
  // Whatever a host answers, the rounds go on; the step only gains time.
  const calls = places.slice(0, AT_ONCE).map((place) => tell(source, agents, place).catch(() => undefined));
  await within(ANSWER_WITHIN_MS, calls);
}

/** One after the other, to one host; what it does not answer ends this. */
async function tellAll(
  source: DataSource,
  agents: Pick<AgentGateway, 'client'>,
  places: readonly NetworkOnHost[],
): Promise<void> {
  for (const place of places) if (!(await tell(source, agents, place))) return;
}

/** @returns false when the host did not answer */
async function tell(source: DataSource, agents: Pick<AgentGateway, 'client'>, place: NetworkOnHost): Promise<boolean> {
  const word = await transaction(source, (tx) => readWord(tx, place));
  if (!word) return true;
  const { host, network, token } = word;
  try {
    await agents.client.call(host, 'ensureNetwork', { network }, { token, timeoutMs: ANSWER_WITHIN_MS });
  } catch (error) {
    // The network or the host is being removed.
    if (isDurastackError(error, 'STALE_TOKEN')) return true;
    if (isDurastackError(error) && error.retryable) return false;
    throw error;
  }
  await transaction(source, (tx) => confirmTold(tx, place, network.vxlan?.revision ?? 0));
  return true;
}

/**
 * What the host is to be told, if it still is to be. The token is as new as the newest run: a removal that is accepted
 * later has a newer one, and one that was accepted earlier shows in the states.
 */
async function readWord(tx: Tx, { networkId, hostId }: NetworkOnHost): Promise<Word | undefined> {
  const hosts = await tx.query<{ url: string | null }>(
    "SELECT agent_url AS url FROM host WHERE id = ? AND state = 'Up' LOCK IN SHARE MODE",
    [hostId],
  );
  const networks = await tx.query("SELECT id FROM network WHERE id = ? AND state = 'Implemented' LOCK IN SHARE MODE", [
    networkId,
  ]);
  const places = await tx.query('SELECT host_id FROM network_on_host WHERE network_id = ? AND host_id = ?', [
    networkId,
    hostId,
  ]);
  const url = hosts[0]?.url;
  if (typeof url !== 'string' || networks.length === 0 || places.length === 0) return undefined;
  const network = (await readNetworkSpecs(tx, hostId, [networkId])).get(networkId);
  if (!network) return undefined;
  const [newest] = await tx.query<{ generation: number | null }>(
    'SELECT MAX(generation) AS generation FROM operation_run',
  );
  const token = { controlEpoch: await controlEpoch(tx), generation: Number(newest?.generation ?? 0), step: 0 };
  return { host: { id: hostId, url }, network, token };
}

/** Resolves when all are done, or after that time. */
async function within(timeMs: number, calls: readonly Promise<unknown>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeMs)));
  await Promise.race([Promise.all(calls), late]);
  clearTimeout(timer);
}
