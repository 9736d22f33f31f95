/**
 * The doctor: compares database, Temporal and hosts, and says every way in which they disagree.
 *
 * What an operation has in its hands while it looks is not a finding. And what it finds it looks at again a moment
 * later: heartbeats, the sweep and the repair of drift settle by themselves what was only passing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import type { Client } from '@temporalio/client';
import type { DataSource } from 'typeorm';
import type { AgentGateway } from '../agent-gateway.js';
import { checkAddresses } from './addresses.js';
import { checkCapacity } from './capacity.js';
import type { Check } from './examination.js';
import type { Finding } from './finding.js';
import { checkGivenUp } from './given-up.js';
import { checkHa } from './ha.js';
import { checkHosts } from './hosts.js';
import { revisitHosts, visitHosts, type Visits } from './host-visits.js';
import { checkMachines } from './machines.js';
import { checkOperations } from './operations.js';
import { checkRecoveryLeft } from './recovery-left.js';
import { extendUnderWay, readUnderWay, unexplained, type UnderWay } from './under-way.js';
import { checkVolumes } from './volumes.js';
import { checkWorkflows } from './workflows.js';

/** Longer than a round of the loops that settle things by themselves. */
const LOOK_AGAIN_MS = 2_500;

const CHECKS: readonly Check[] = [
  checkOperations,
  checkWorkflows,
  checkHosts,
  checkHa,
  checkMachines,
  checkVolumes,
  checkCapacity,
  checkAddresses,
  checkRecoveryLeft,
  checkGivenUp,
];

/** What the doctor works with. */
export interface DoctorDependencies {
  readonly source: DataSource;
  readonly agents: Pick<AgentGateway, 'client'>;
  /** Absent: operations are not compared with Temporal. */
  readonly temporal?: Client | undefined;
  /** Milliseconds between the first look and the second; default 2,500. */
  readonly lookAgainMs?: number;
  /** Asked before each host is visited; throws when the check is to be given up. */
  readonly goOn?: () => Promise<void>;
}

/** What a check found, and how much it saw. */
export interface Diagnosis {
  /** Errors first, then by kind. */
  readonly findings: readonly Finding[];
  readonly hosts: { readonly asked: number; readonly answered: number };
  readonly comparedTemporal: boolean;
}

/**
 * Looks at everything.
 *
 * @throws DurastackError BACKEND_BUSY when the database does not answer; what `goOn` throws
 */
export async function diagnose(dependencies: DoctorDependencies): Promise<Finding[]> {
  return [...(await examineAll(dependencies)).findings];
}

/** As {@link diagnose}, with what was looked at. */
export async function examineAll(dependencies: DoctorDependencies): Promise<Diagnosis> {
  const { source, agents, temporal, lookAgainMs = LOOK_AGAIN_MS, goOn } = dependencies;
  const db = autocommit(source);
  const before = await readUnderWay(db);
  const visits = await visitHosts(db, agents.client, goOn);
  const first = await look({ db, visits, temporal }, before);
  if (first.findings.length === 0) return summary(first.findings, { visits, temporal });
  await sleep(lookAgainMs);
  const again = await revisitHosts(agents.client, visits, concerned(first.findings));
  const second = await look({ db, visits: again, temporal }, first.underWay);
  const seenBefore = new Set(first.findings.map(({ id }) => id));
  const findings = second.findings.filter(({ id }) => seenBefore.has(id));
  return summary(findings, { visits: again, temporal });
}

interface Look {
  readonly findings: Finding[];
  readonly underWay: UnderWay;
}

async function look(
  examination: { db: Tx; visits: Visits; temporal: Client | undefined },
  before: UnderWay,
): Promise<Look> {
  const lists = await Promise.all(CHECKS.map((check) => check(examination)));
  const underWay = await extendUnderWay(examination.db, before);
  return { findings: unexplained(lists.flat(), underWay), underWay };
}

/** Hosts whose word a finding rests on. */
function concerned(findings: readonly Finding[]): Set<string> {
  const ids = findings.flatMap(({ details: { hostId, recordedHostId } }) => [hostId, recordedHostId]);
  return new Set(ids.filter((id) => id !== undefined));
}

function summary(
  findings: readonly Finding[],
  { visits, temporal }: { visits: Visits; temporal: Client | undefined },
): Diagnosis {
  const order = (one: Finding): string => `${one.severity === 'error' ? 0 : 1} ${one.kind} ${one.id}`;
  const answered = [...visits.hosts.values()].filter((seen) => 'inventory' in seen).length;
  return {
    findings: [...findings].sort((a, b) => (order(a) < order(b) ? -1 : 1)),
    hosts: { asked: visits.hosts.size, answered },
    comparedTemporal: temporal !== undefined && !findings.some(({ kind }) => kind === 'temporal-unreachable'),
  };
}
