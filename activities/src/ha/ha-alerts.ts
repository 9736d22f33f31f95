/** What of HA needs a person: the same for the doctor, which clears alerts whose reason is gone. */
import type { Tx } from '@durastack/store/database/transaction';
import { raiseAlert } from '@durastack/store/doctor/alerts';
import { finding, type Finding } from '../doctor/finding.js';

/** A machine that has waited for so long is worth a person's time. */
const WAITS_S = 10;
/** Machines that a text names. */
const NAMED = 5;

interface WaitingRow {
  readonly hostId: string;
  readonly name: string;
  readonly hostName: string;
  readonly proven: number;
  readonly reason: string | null;
  readonly since: Date;
}

/** Machines of lost hosts that wait for proof or for room: one finding for each host and kind, however many wait. */
export async function findWaiting(tx: Tx, hostId?: string): Promise<Finding[]> {
  const rows = await tx.query<WaitingRow>(
    `SELECT l.host_id AS hostId, v.name, h.name AS hostName, l.proven_at IS NOT NULL AS proven, l.reason, l.created_at AS since
       FROM lost_machine l JOIN virtual_machine v ON v.id = l.vm_id JOIN host h ON h.id = l.host_id
      WHERE l.settled = 0 AND l.reason IS NOT NULL AND (l.attempts > 0 OR l.created_at < NOW(3) - INTERVAL ${WAITS_S} SECOND) ${hostId === undefined ? '' : 'AND l.host_id = ?'}
      ORDER BY l.priority DESC, v.name`,
    hostId === undefined ? [] : [hostId],
  );
  const alike = new Map<string, [WaitingRow, ...WaitingRow[]]>();
  for (const row of rows) {
    const key = `${row.hostId} ${row.proven}`;
    const others = alike.get(key);
    if (others) others.push(row);
    else alike.set(key, [row]);
  }
  return [...alike.values()].map((waiting) =>
    finding(Number(waiting[0].proven) === 1 ? 'machine-without-room' : 'machine-without-proof', {
      resource: { type: 'host', id: waiting[0].hostId },
      where: 'database',
      what: inWords(waiting),
      since: new Date(Math.min(...waiting.map(({ since }) => since.getTime()))),
      touches: [],
    }),
  );
}

/** The reason is that of the most important machine. */
function inWords(waiting: readonly [WaitingRow, ...WaitingRow[]]): string {
  const [{ name, hostName, reason }] = waiting;
  if (waiting.length === 1) return `${name} was on ${hostName}, which is lost, and waits: ${reason}`;
  const names = waiting.slice(0, NAMED).map((one) => one.name);
  const more = waiting.length > NAMED ? ', …' : '';
  return `${waiting.length} machines (${names.join(', ')}${more}) were on ${hostName}, which is lost, and wait: ${reason}`;
}

/** Raises the alerts of one lost host. */
export async function raiseHaAlerts(tx: Tx, hostId: string): Promise<void> {
  for (const { id, resource, what } of await findWaiting(tx, hostId))
    await raiseAlert(tx, { key: id, resource, description: what });
}
