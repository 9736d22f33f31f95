/** Operations, and what they hold: locks, claims, notes on resources. Each query is one consistent look. */
import type { ResourceType } from '@durastack/contracts/resources';
import { attentionReason } from '@durastack/store/doctor/alerts';
import { EARLIER_CONFLICTS } from '@durastack/store/operations/earlier-conflicts';
import { isOpenSql } from '@durastack/store/operations/open-operations';
import { HAS_OPERATION, stateTableOf, tableOf } from '@durastack/store/operations/state-rows';
import type { Check } from './examination.js';
import { finding, type Finding } from './finding.js';
import type { FindingKindName } from './finding-kinds.js';

const OPEN = `(${isOpenSql('o')})`;
/** Findings of one kind that are told one by one; beyond it the cause is one and the same. */
const MOST = 500;
/** A lease of a loop that acts all the time is dead after this. */
const SILENT_AFTER_S = 60;
/** REST calls do not take so long. */
const KEY_AFTER_MIN = 15;

/** Every question of this area. */
export const checkOperations: Check = async (examination) =>
  (
    await Promise.all(
      [attention, locks, claims, behindNothing, notes, states, workers, keys].map((check) => check(examination)),
    )
  ).flat();

const attention: Check = async ({ db }) => {
  const rows = await db.query<{ id: string; summary: string; message: string | null; touchedAt: Date }>(
    `SELECT id, summary, error_message AS message, touched_at AS touchedAt FROM operation WHERE state = 'needs-attention' ORDER BY seq LIMIT ${MOST}`,
  );
  return rows.map(({ id, summary, message, touchedAt }) =>
    finding('operation-needs-attention', {
      resource: { type: 'operation', id },
      where: 'database',
      what: attentionReason({ id, summary }, message ?? 'no reason was noted').description,
      since: touchedAt,
      touches: [],
    }),
  );
};

interface HoldRow {
  readonly operationId: string;
  readonly type: string;
  readonly id: string;
  readonly state: string | null;
  readonly endedAt: Date | null;
}

const ended = ({ operationId, state }: HoldRow): string =>
  state === null ? `operation ${operationId}, which does not exist` : `operation ${operationId}, which is ${state}`;

/** What is held by operations that are not open. */
const holds =
  (held: { readonly table: string; readonly kind: FindingKindName; readonly verb: string }): Check =>
  async ({ db }) => {
    const rows = await db.query<HoldRow>(
      `SELECT h.operation_id AS operationId, h.resource_type AS type, h.resource_id AS id, o.state, o.ended_at AS endedAt
         FROM ${held.table} h LEFT JOIN operation o ON o.id = h.operation_id
        WHERE o.id IS NULL OR NOT ${OPEN} LIMIT ${MOST}`,
    );
    return rows.map((row) =>
      finding(held.kind, {
        resource: { type: row.type, id: row.id },
        where: 'database',
        what: `The ${row.type} ${row.id} is ${held.verb} by ${ended(row)}`,
        since: row.endedAt,
        place: row.operationId,
        details: { operationId: row.operationId },
        touches: [],
      }),
    );
  };

const locks = holds({ table: 'operation_lock', kind: 'lock-without-operation', verb: 'locked' });
const claims = holds({ table: 'claim', kind: 'claim-without-operation', verb: 'claimed' });

const behindNothing: Check = async ({ db }) => {
  const rows = await db.query<{ id: string; summary: string; createdAt: Date }>(
    // The oldest ones: what waits behind them is not granted before they are.
    `SELECT o.id, o.summary, o.created_at AS createdAt
       FROM (SELECT id, seq, summary, created_at FROM operation WHERE state = 'queued' ORDER BY seq LIMIT ${MOST}) o
      WHERE NOT EXISTS (
       SELECT 1 FROM ${EARLIER_CONFLICTS}
        WHERE mine.operation_id = o.id) ORDER BY o.seq LIMIT ${MOST}`,
  );
  return rows.map(({ id, summary, createdAt }) =>
    finding('operation-behind-nothing', {
      resource: { type: 'operation', id },
      where: 'database',
      what: `Operation ${id} (${summary}) is queued, and nothing is before it`,
      since: createdAt,
      touches: [],
    }),
  );
};

const notes: Check = async ({ db }) => {
  const lists = await Promise.all(
    [...HAS_OPERATION].map(async (type) => {
      const rows = await db.query<{ id: string; name: string } & Pick<HoldRow, 'operationId' | 'state' | 'endedAt'>>(
        `SELECT r.id, r.name, r.operation_id AS operationId, o.state, o.ended_at AS endedAt FROM ${tableOf(type)} r
           LEFT JOIN operation o ON o.id = r.operation_id
          WHERE r.operation_id IS NOT NULL AND (o.id IS NULL OR NOT ${OPEN}) LIMIT ${MOST}`,
      );
      return rows.map((row) =>
        finding('operation-noted-not-open', {
          resource: { type, id: row.id },
          where: 'database',
          what: `The ${type} ${row.name} notes ${ended({ ...row, type })} as under way`,
          since: row.endedAt,
          details: { operationId: row.operationId },
          touches: [],
        }),
      );
    }),
  );
  return lists.flat();
};

const passing = (type: ResourceType): string[] =>
  Object.entries(stateTableOf(type).states).flatMap(([state, { transitional }]) => (transitional ? [state] : []));

const states: Check = async ({ db }) => {
  const lists = await Promise.all(
    [...HAS_OPERATION].map(async (type) => {
      // A deploy is Starting from its acceptance on, also while it is queued.
      const rows = await db.query<{ id: string; name: string; state: string; since: Date | null }>(
        `SELECT r.id, r.name, r.state, (SELECT MAX(o.ended_at) FROM operation o WHERE o.resource_type = ? AND o.resource_id = r.id) AS since
           FROM ${tableOf(type)} r
          WHERE r.state IN (?) AND NOT EXISTS (
            SELECT 1 FROM operation o WHERE o.resource_type = ? AND o.resource_id = r.id AND ${OPEN}) LIMIT ${MOST}`,
        [type, passing(type), type],
      );
      return rows.map(({ id, name, state, since }) =>
        finding('state-without-operation', {
          resource: { type, id },
          where: 'database',
          what: `The ${type} ${name} is ${state}, and no operation is under way that would lead out of it`,
          since,
          touches: [],
        }),
      );
    }),
  );
  return lists.flat();
};

const workers: Check = async ({ db }) => {
  const rows = await db.query<{ waiting: number; oldest: Date; holder: string | null }>(
    `SELECT COUNT(*) AS waiting, MIN(o.touched_at) AS oldest, (SELECT MAX(holder) FROM lease WHERE name = 'dispatcher') AS holder FROM operation o
      WHERE o.state = 'granted' AND o.dispatched_at IS NULL AND o.touched_at < NOW(3) - INTERVAL ${SILENT_AFTER_S} SECOND
        AND NOT EXISTS (SELECT 1 FROM lease WHERE name = 'dispatcher' AND expires_at >= NOW(3)) HAVING waiting > 0`,
  );
  return rows.map(({ waiting, oldest, holder }): Finding =>
    finding('workers-silent', {
      resource: { type: 'lease', id: 'dispatcher' },
      where: 'database',
      what: `${waiting} operations wait to be started, and no worker does it${holder === null ? '' : `; the last was ${holder}`}`,
      since: oldest,
      touches: [],
    }),
  );
};

const keys: Check = async ({ db }) => {
  const rows = await db.query<{ userId: string; key: string; createdAt: Date }>(
    `SELECT user_id AS userId, key_sha256 AS \`key\`, created_at AS createdAt FROM idempotency_key
      WHERE status IS NULL AND operation_id IS NULL AND created_at < NOW(3) - INTERVAL ${KEY_AFTER_MIN} MINUTE LIMIT ${MOST}`,
  );
  return rows.map(({ userId, key, createdAt }) =>
    finding('idempotency-key-forgotten', {
      resource: { type: 'user', id: userId },
      where: 'database',
      what: `A REST call of user ${userId} with an Idempotency-Key was never answered`,
      since: createdAt,
      place: key.slice(0, 16),
      details: { keySha256: key },
      touches: [],
    }),
  );
};
