import { readSuspects } from '@durastack/store/ha/ha-scene';
import type { Tx } from '@durastack/store/database/transaction';
import type { AgentGateway } from '../agent-gateway.js';

/**
 * Hosts that may not live: those that do not answer this worker, and those that HA has not heard of lately. Machines go to
 * others first, lest what is started after one host's death waits for the next one's.
 */
export async function doubtfulHosts(tx: Tx, agents: Pick<AgentGateway, 'silentHosts'>): Promise<Set<string>> {
  return new Set([...agents.silentHosts(), ...(await readSuspects(tx))]);
}
