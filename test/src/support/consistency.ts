/** Whether a cloud that should be at rest is: no operation is open, and the doctor finds nothing. */
import { diagnose } from '@durastack/activities/doctor/diagnose';
import { readInventories } from '@durastack/activities/doctor/host-visits';
import type { AgentClient } from '@durastack/kit/agent-client/agent-client';
import { autocommit } from '@durastack/store/database/transaction';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { connectAgents } from '../chaos/agents.js';
import type { Cloud } from './cloud.js';

export { readInventories };

/** What is under way, as sentences. */
export async function readUnderWay(source: DataSource): Promise<string[]> {
  const open = await autocommit(source).query<{ what: string }>(
    "SELECT CONCAT('open operation ', kind, ' ', state, ' ', id) AS what FROM operation WHERE state IN ('queued', 'granted', 'running')",
  );
  return open.map(({ what }) => what);
}

/** What is wrong when nothing is under way, as sentences; empty when all is well. */
export async function findInconsistencies(source: DataSource, client: AgentClient): Promise<string[]> {
  const open = await readUnderWay(source);
  const findings = await diagnose({ source, agents: { client }, lookAgainMs: 200 });
  return [...open, ...findings.map(({ kind, what }) => `${kind}: ${what}`)];
}

/** As {@link findInconsistencies}, of a cloud of a spec. */
export async function inconsistenciesOf({
  database,
  directory,
}: Pick<Cloud, 'database' | 'directory'>): Promise<string[]> {
  const client = await connectAgents(database.source, join(directory, 'data.key'));
  return findInconsistencies(database.source, client).finally(() => client.close());
}
