/** What of HA needs a person: the same for the doctor, which clears alerts whose reason is gone. */
import type { Tx } from '@durastack/store/database/transaction';
import { raiseAlert } from '@durastack/store/doctor/alerts';
import { finding, type Finding } from '../doctor/finding.js';

/** A machine that has waited for so long is worth a person's time. */
const WAITS_S = 10;

interface WaitingRow {
  readonly vmId: string;
  readonly name: string;
  readonly hostName: string;
  readonly proven: number;
  readonly reason: string | null;
  readonly since: Date;
}

/** Machines of lost hosts that wait for proof or for room. */
export async function findWaiting(tx: Tx, hostId?: string): Promise<Finding[]> {
  const rows = await tx.query<WaitingRow>(
    `SELECT l.vm_id AS vmId, v.name, h.name AS hostName, l.proven_at IS NOT NULL AS proven, l.reason, l.created_at AS since
       FROM lost_machine l JOIN virtual_machine v ON v.id = l.vm_id JOIN host h ON h.id = l.host_id
      WHERE l.settled = 0 AND l.reason IS NOT NULL AND (l.attempts > 0 OR l.created_at < NOW(3) - INTERVAL ${WAITS_S} SECOND) ${hostId === undefined ? '' : 'AND l.host_id = ?'}`,
    hostId === undefined ? [] : [hostId],
  );
  return rows.map(({ vmId, name, hostName, proven, reason, since }) =>
    finding(Number(proven) === 1 ? 'machine-without-room' : 'machine-without-proof', {
      resource: { type: 'virtual-machine', id: vmId },
      where: 'database',
      what: `${name} was on ${hostName}, which is lost, and waits: ${reason}`,
      since,
      touches: [],
    }),
  );
}

/** Raises the alerts of one lost host. */
export async function raiseHaAlerts(tx: Tx, hostId: string): Promise<void> {
  for (const { id, resource, what } of await findWaiting(tx, hostId))
    await raiseAlert(tx, { key: id, resource, description: what });
}
