/** Agents: whether they answer, who they are, and whom they obey. */
import { AGENT_VERSION } from '@durastack/contracts/agent/version';
import { readClosedByNothing } from '@durastack/store/doctor/mend-hosts';
import { controlEpoch } from '@durastack/store/operations/settings';
import { activeRecovery } from '@durastack/store/recovery/recovery-state';
import type { Check } from './examination.js';
import { finding, type Finding } from './finding.js';
import type { Visit } from './host-visits.js';

/** Certificates are renewed long before; see certificate-life.ts. */
const EXPIRES_WITHIN_DAYS = 30;

interface HostFactsRow {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly incarnation: number;
  readonly serial: string | null;
  readonly nextSerial: string | null;
  readonly expiresAt: Date | null;
  readonly expires: number | null;
  readonly heartbeatAt: Date | null;
  readonly hasSecrets: number;
}

/** Every question of this area. */
export const checkHosts: Check = async ({ db, visits }) => {
  const rows = await db.query<HostFactsRow>(
    `SELECT id, name, state, incarnation, certificate_serial AS serial, next_certificate_serial AS nextSerial, certificate_expires_at AS expiresAt,
       certificate_expires_at < NOW(3) + INTERVAL ${EXPIRES_WITHIN_DAYS} DAY AS expires, last_heartbeat_at AS heartbeatAt,
       enrolment_sealed IS NOT NULL AS hasSecrets FROM host WHERE state <> 'Removed' OR enrolment_sealed IS NOT NULL`,
  );
  const epoch = await controlEpoch(db);
  const recovery = await activeRecovery(db);
  const found = rows.flatMap((row) => [...ofRow(row), ...ofVisit(row, visits.hosts.get(row.id), epoch)]);
  for (const host of await readClosedByNothing(db)) {
    const what = `Host ${host.name} is being emptied for maintenance (PrepareForMaintenance), and no operation does so`;
    found.push(finding('host-closed-by-nothing', { ...hostOf(host), where: 'database', what }));
  }
  if (recovery) {
    const { reason, startedAt } = recovery;
    const resource = { type: 'setting', id: 'recovery' };
    const what = `Recovery is active: ${reason}`;
    found.push(
      finding('recovery-active', { resource, where: 'database', what, since: new Date(startedAt), touches: [] }),
    );
  }
  return found;
};

const hostOf = ({ id, name }: Pick<HostFactsRow, 'id' | 'name'>) => ({
  resource: { type: 'host', id },
  where: `host ${name}`,
  details: { hostId: id },
});

function ofRow(row: HostFactsRow): Finding[] {
  const found: Finding[] = [];
  if (Number(row.hasSecrets) === 1) {
    const what = `What was given to enrol host ${row.name} (${row.state}) is still kept`;
    found.push(finding('host-enrolment-left', { ...hostOf(row), where: 'database', what }));
  }
  if (Number(row.expires ?? 0) === 1 && row.state !== 'Removed') {
    const what = `The certificate of host ${row.name} ends at ${row.expiresAt?.toISOString() ?? 'an unknown time'}`;
    found.push(finding('host-certificate-expires', { ...hostOf(row), what }));
  }
  return found;
}

/** What Node calls a certificate that is not trusted, has ended, or carries another name. */
const CERTIFICATE_REASON = /CERT|SELF_SIGNED|UNABLE_TO_|INVALID_PURPOSE|TLS|SSL/;

function ofVisit(row: HostFactsRow, seen: Visit | undefined, epoch: number): Finding[] {
  if (!seen) return [];
  const about = hostOf(row);
  if ('failure' in seen) {
    const { code, message, details } = seen.failure;
    const refused = CERTIFICATE_REASON.test(String(details['reason'] ?? '')) || code === 'FORBIDDEN';
    const kind = refused ? 'host-certificate-wrong' : 'host-unreachable';
    const what = `Host ${row.name} (${row.state}): ${message}`;
    return [finding(kind, { ...about, what, since: row.heartbeatAt })];
  }
  return [...identityOf(row, seen, epoch), ...reportsOf(row, seen)];
}

type Answered = Extract<Visit, { inventory: unknown }>;

function identityOf(row: HostFactsRow, { identity }: Answered, epoch: number): Finding[] {
  if (!identity) return [];
  const about = hostOf(row);
  const found: Finding[] = [];
  const serials = [row.serial, row.nextSerial].flatMap((serial) => (serial === null ? [] : [serial.toLowerCase()]));
  if (!serials.includes(identity.certificateSerial.toLowerCase()) || identity.incarnation !== row.incarnation) {
    const what = `Host ${row.name} shows certificate ${identity.certificateSerial}, incarnation ${identity.incarnation}; recorded are ${serials.join(' or ') || 'none'}, incarnation ${row.incarnation}`;
    found.push(finding('host-certificate-wrong', { ...about, what }));
  }
  if (identity.controlEpoch > epoch) {
    const what = `Host ${row.name} obeys control epoch ${identity.controlEpoch}; the database is at ${epoch}`;
    found.push(finding('host-epoch-ahead', { ...about, what, touches: [] }));
  }
  return found;
}

function reportsOf(row: HostFactsRow, { inventory }: Answered): Finding[] {
  const about = hostOf(row);
  const found: Finding[] = [];
  const { agentVersion } = inventory.facts;
  if (agentVersion !== AGENT_VERSION) {
    const what = `The agent of host ${row.name} is version ${agentVersion}; this control plane is ${AGENT_VERSION}`;
    found.push(finding('host-agent-version', { ...about, what }));
  }
  if (row.state === 'Disconnected') {
    const what = `Host ${row.name} is Disconnected, but its agent answers`;
    found.push(finding('host-silent', { ...about, what, since: row.heartbeatAt }));
  }
  return found;
}
