/** What an operation that has not begun is waiting for. */
import type { ResourceType } from '@durastack/contracts/resources';
import type { Tx } from '../database/transaction.js';
import type { Owner } from '../identity/access.js';
import { EARLIER_CONFLICTS } from './earlier-conflicts.js';
import { tableOf } from './state-rows.js';

/** How many earlier operations are named; all are counted. */
const NAMED = 20;
/** More of the same account's operations before it are not counted. */
const COUNTED = 10_000;

/** An earlier operation that stands in the way of another. */
export interface Blocker {
  readonly operationId: string;
  readonly summary: string;
  readonly state: string;
  readonly step: string | null;
  /** The resource that both name. */
  readonly resource: { readonly type: ResourceType; readonly id: string; readonly name: string | null };
  readonly owner: Owner;
}

/** Earlier operations that an operation waits for, in order of acceptance. */
export interface Blockers {
  readonly total: number;
  readonly first: readonly Blocker[];
}

const CONFLICTS = `FROM ${EARLIER_CONFLICTS}
  WHERE mine.operation_id = ?`;

/** Reads them; none when it has its locks. */
export async function readBlockers(tx: Tx, operationId: string): Promise<Blockers> {
  const rows = await tx.query<{ id: string; type: ResourceType; resource: string }>(
    `SELECT other.operation_id AS id, MIN(other.resource_type) AS type, MIN(other.resource_id) AS resource ${CONFLICTS}
      GROUP BY other.operation_id, other.seq ORDER BY other.seq LIMIT ${NAMED}`,
    [operationId],
  );
  if (rows.length === 0) return { total: 0, first: [] };
  const [count] = await tx.query<{ total: number }>(`SELECT COUNT(DISTINCT other.operation_id) AS total ${CONFLICTS}`, [
    operationId,
  ]);
  const facts = await tx.query<Omit<Blocker, 'resource' | 'owner'> & Owner>(
    `SELECT o.id AS operationId, o.summary, o.state, o.step_title AS step, o.account_id AS accountId, o.domain_id AS domainId, d.path AS domainPath
       FROM operation o JOIN domain d ON d.id = o.domain_id WHERE o.id IN (?)`,
    [rows.map(({ id }) => id)],
  );
  const byId = new Map(facts.map((fact) => [fact.operationId, fact]));
  const names = new Map<string, string | null>();
  for (const { type, resource } of rows)
    if (!names.has(resource)) names.set(resource, await nameOf(tx, type, resource));
  const first = rows.flatMap(({ id, type, resource }): Blocker[] => {
    const fact = byId.get(id);
    if (!fact) return [];
    const { operationId, summary, state, step, ...owner } = fact;
    return [
      { operationId, summary, state, step, resource: { type, id: resource, name: names.get(resource) ?? null }, owner },
    ];
  });
  return { total: Number(count?.total ?? rows.length), first };
}

async function nameOf(tx: Tx, type: ResourceType, id: string): Promise<string | null> {
  const rows = await tx.query<{ name: string }>(`SELECT name FROM ${tableOf(type)} WHERE id = ?`, [id]);
  return rows[0]?.name ?? null;
}

/** Why an operation that has its locks was not started yet: what the dispatcher would look at. */
export interface StartFacts {
  /** Whether a worker starts operations at present. */
  readonly dispatched: boolean;
  /** Nothing is started until recovery has ended. */
  readonly recovering: boolean;
  /** Of the same account, accepted earlier and not started either. */
  readonly ahead: number;
  readonly host: { readonly name: string; readonly state: string; readonly running: number } | null;
}

/** Reads them. */
export async function readStartFacts(tx: Tx, operationId: string): Promise<StartFacts> {
  const [row] = await tx.query<{
    seq: number;
    accountId: string;
    hostId: string | null;
    holder: string | null;
    recovering: number;
  }>(
    `SELECT o.seq, o.account_id AS accountId, COALESCE(v.host_id, v.requested_host_id) AS hostId,
       (SELECT holder FROM lease WHERE name = 'dispatcher' AND expires_at >= NOW(3)) AS holder,
       EXISTS (SELECT 1 FROM setting WHERE name = 'recovery') AS recovering
     FROM operation o LEFT JOIN virtual_machine v ON o.resource_type = 'virtual-machine' AND v.id = o.resource_id WHERE o.id = ?`,
    [operationId],
  );
  if (!row) return { dispatched: true, recovering: false, ahead: 0, host: null };
  const [ahead] = await tx.query<{ ahead: number }>(
    `SELECT COUNT(*) AS ahead FROM (SELECT 1 FROM operation FORCE INDEX (operation_dispatch)
        WHERE state = 'granted' AND dispatched_at IS NULL AND account_id = ? AND seq < ? LIMIT ${COUNTED}) earlier`,
    [row.accountId, row.seq],
  );
  return {
    dispatched: row.holder !== null,
    recovering: Number(row.recovering) === 1,
    ahead: Number(ahead?.ahead ?? 0),
    host: row.hostId === null ? null : await readHost(tx, row.hostId),
  };
}

async function readHost(tx: Tx, hostId: string): Promise<StartFacts['host']> {
  const [host] = await tx.query<{ name: string; state: string; running: number }>(
    `SELECT h.name, h.state, (
         SELECT COUNT(*) FROM virtual_machine v JOIN operation o ON o.id = v.operation_id
          WHERE v.host_id = h.id AND o.state = 'running') AS running
       FROM host h WHERE h.id = ?`,
    [hostId],
  );
  return host ? { ...host, running: Number(host.running) } : null;
}
