/** What `--fix` does: for each kind that is mended without guessing, one safe thing, after another look. */
import { isDurastackError } from '@durastack/contracts/errors';
import type { ResourceRef, ResourceType } from '@durastack/contracts/resources';
import { newId } from '@durastack/kit/ids/new-id';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import {
  deleteOrphanReservation,
  insertMissingReservation,
  recount,
  type ReservationKey,
} from '@durastack/store/doctor/mend-capacity';
import {
  clearNote,
  deleteOrphanNic,
  eraseEnrolment,
  forgetIdempotencyKey,
  grantAlone,
  noteTemplateMissing,
  releaseClaim,
  releaseLock,
  tokenForLeftover,
} from '@durastack/store/doctor/mend-holds';
import { reopenClosedByNothing } from '@durastack/store/doctor/mend-hosts';
import { markRunLost } from '@durastack/store/operations/dispatch';
import { recordPower, type PowerDrift } from '@durastack/store/operations/drift';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { DoctorDependencies } from './diagnose.js';
import type { Finding } from './finding.js';
import { FINDING_KINDS, type FindingKindName } from './finding-kinds.js';

const CALL_TIMEOUT_MS = 15_000;

/** Mends one finding. False: it does not hold any more, or something works on it; nothing was changed. */
type Treatment = (dependencies: DoctorDependencies, finding: Finding) => Promise<boolean>;

/** Kinds that are mended automatically. */
type Mended = {
  [K in FindingKindName]: (typeof FINDING_KINDS)[K]['automatic'] extends true ? K : never;
}[FindingKindName];

const detail = ({ details }: Finding, name: string): string => details[name] ?? '';
const resourceOf = ({ resource }: Finding): ResourceRef => ({ type: resource.type as ResourceType, id: resource.id });

const recordWhatHostSays: Treatment = async ({ source, agents }, { resource, ...found }) => {
  const hostId = detail({ resource, ...found }, 'hostId');
  const [row] = await autocommit(source).query<PowerDrift & { url: string }>(
    `SELECT v.id, v.host_id AS hostId, v.state, v.observed_power AS observedPower, CAST(v.observed_at AS CHAR) AS observedAt, h.agent_url AS url
       FROM virtual_machine v JOIN host h ON h.id = v.host_id WHERE v.id = ? AND v.host_id = ? AND v.state IN ('Running', 'Stopped')`,
    [resource.id, hostId],
  );
  if (!row) return false;
  const host = { id: hostId, url: row.url };
  const { power } = await agents.client.call(host, 'getVm', { vmId: row.id }, { timeoutMs: CALL_TIMEOUT_MS });
  return recordPower(source, row, power);
};

const removeLeftover: Treatment = async ({ source, agents }, found) => {
  const hostId = detail(found, 'hostId');
  const vmId = found.resource.id;
  const [row] = await autocommit(source).query<{ url: string }>('SELECT agent_url AS url FROM host WHERE id = ?', [
    hostId,
  ]);
  if (!row) return false;
  const host = { id: hostId, url: row.url };
  const limit = { timeoutMs: CALL_TIMEOUT_MS };
  const { power } = await agents.client.call(host, 'getVm', { vmId }, limit);
  if (power !== 'off' && power !== 'absent') return false;
  const token = await tokenForLeftover(source, { vmId, hostId, callId: newId() });
  if (!token) return false;
  await agents.client.call(host, 'ensureVmGone', { vmId }, { ...limit, token: { ...token, step: 0 } });
  return true;
};

const terminate: Treatment = async ({ temporal }, found) => {
  if (!temporal) return false;
  try {
    await temporal.workflow.getHandle(detail(found, 'workflowId')).terminate(`dura doctor: ${found.what}`);
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
};

const reservationOf = (found: Finding): ReservationKey => ({
  ownerId: found.resource.id,
  resourceType: detail(found, 'resourceType') as ReservationKey['resourceType'],
  resourceId: detail(found, 'resourceId'),
});

const TREATMENTS: Readonly<Record<Mended, Treatment>> = {
  'operation-without-workflow': ({ source }, found) =>
    transaction(source, (tx) => markRunLost(tx, found.resource.id, Number(detail(found, 'run')))),
  'workflow-without-operation': terminate,
  'workflow-superseded': terminate,
  'operation-behind-nothing': ({ source }, found) => grantAlone(source, found.resource.id),
  'lock-without-operation': ({ source }, found) => releaseLock(source, detail(found, 'operationId'), resourceOf(found)),
  'claim-without-operation': ({ source }, found) =>
    releaseClaim(source, detail(found, 'operationId'), resourceOf(found)),
  'operation-noted-not-open': ({ source }, found) => clearNote(source, detail(found, 'operationId'), resourceOf(found)),
  'idempotency-key-forgotten': ({ source }, found) =>
    forgetIdempotencyKey(source, found.resource.id, detail(found, 'keySha256')),
  'host-closed-by-nothing': ({ source }, found) => reopenClosedByNothing(source, found.resource.id),
  'host-enrolment-left': ({ source }, found) => eraseEnrolment(source, found.resource.id),
  'machine-leftover': removeLeftover,
  'machine-files-left': removeLeftover,
  'machine-not-running': recordWhatHostSays,
  'machine-runs-stopped': recordWhatHostSays,
  'template-missing': ({ source }, found) =>
    noteTemplateMissing(source, {
      templateId: found.resource.id,
      poolId: detail(found, 'poolId'),
      readyAt: found.since,
    }),
  'reservation-orphan': ({ source }, found) =>
    deleteOrphanReservation(source, { ...reservationOf(found), purpose: detail(found, 'purpose') }),
  'reservation-missing': ({ source }, found) => insertMissingReservation(source, reservationOf(found)),
  'counter-wrong': ({ source }, { resource }) =>
    recount(source, resource.type === 'host' ? 'host' : 'storage-pool', resource.id),
  'address-orphan': ({ source }, found) => deleteOrphanNic(source, detail(found, 'nicId')),
};

/** What became of one finding. */
export interface TreatmentResult {
  readonly id: string;
  /** `mended`; `passed`: it did not hold any more, or something works on it; `failed`: the message says why. */
  readonly outcome: 'mended' | 'passed' | 'failed';
  readonly message?: string;
}

/** Counters last: what is mended before changes them. */
const inOrder = (findings: readonly Finding[]): Finding[] =>
  [...findings].sort((a, b) => Number(a.kind === 'counter-wrong') - Number(b.kind === 'counter-wrong'));

/** Mends what can be mended without guessing, one after the other. One failure stops none of the others. */
export async function treat(
  dependencies: DoctorDependencies,
  findings: readonly Finding[],
): Promise<TreatmentResult[]> {
  const results: TreatmentResult[] = [];
  for (const found of inOrder(findings)) {
    if (!Object.hasOwn(TREATMENTS, found.kind)) continue;
    const { id } = found;
    try {
      const mended = await TREATMENTS[found.kind as Mended](dependencies, found);
      results.push({ id, outcome: mended ? 'mended' : 'passed' });
    } catch (error) {
      if (!isDurastackError(error)) throw error;
      results.push({ id, outcome: 'failed', message: error.message });
    }
  }
  return results;
}
