/** Finds machines that were stopped or started behind our back, asks their host, and records what it says. */
import { isDurastackError } from '@durastack/contracts/errors';
import { transaction } from '@durastack/store/database/transaction';
import { readPowerDrifts, recordPower, type PowerDrift } from '@durastack/store/operations/drift';
import type { DataSource } from 'typeorm';
import type { AgentGateway } from '../agent-gateway.js';

/** Longer than this, and the host is asked again in the next round. */
const ASK_MS = 2_000;

/** One round. Returns the ids of machines whose state was changed. */
export async function repairPowerDrift(source: DataSource, agents: AgentGateway): Promise<string[]> {
  const drifts = await transaction(source, readPowerDrifts);
  const changed = await Promise.all(drifts.map((drift) => repairOne(source, agents, drift)));
  return drifts.filter((_drift, index) => changed[index]).map(({ id }) => id);
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
