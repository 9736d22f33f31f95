/** Finds machines that were stopped or started behind our back, asks their host, and records what it says. */
import { isDurastackError } from '@durastack/contracts/errors';
import { transaction } from '@durastack/store/database/transaction';
import { readPowerDrifts, recordPower, type PowerDrift } from '@durastack/store/operations/drift';
import type { DataSource } from 'typeorm';
import type { AgentGateway } from '../agent-gateway.js';

/** Longer than this, and the host is asked again in the next round. */
const ASK_MS = 2_000;

/**
 * A repair; each call of it looks at the next few machines, so that hosts that do not answer hold up no others.
 * A call returns the ids of machines whose state was changed.
 */
export function createPowerDriftRepair(source: DataSource, agents: AgentGateway): () => Promise<string[]> {
  let afterId = '';
  return async () => {
    const { drifts, nextId } = await transaction(source, (tx) => readPowerDrifts(tx, afterId));
    afterId = nextId;
    const changed = await Promise.all(drifts.map((drift) => repairOne(source, agents, drift)));
    return drifts.filter((_drift, index) => changed[index]).map(({ id }) => id);
  };
}

/** One round of it, from the beginning. */
export function repairPowerDrift(source: DataSource, agents: AgentGateway): Promise<string[]> {
  return createPowerDriftRepair(source, agents)();
}

async function repairOne(source: DataSource, agents: AgentGateway, drift: PowerDrift): Promise<boolean> {
  try {
    const { power } = await agents.read(drift.hostId, 'getVm', { vmId: drift.id }, ASK_MS);
    return await recordPower(source, drift, power);
  } catch (error) {
    // A host that cannot say is asked again.
    if (isDurastackError(error) && (error.retryable || error.code === 'HOST_FENCED')) return false;
    throw error;
  }
}
