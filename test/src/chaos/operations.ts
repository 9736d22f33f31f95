/** The operations that a run has brought into being, from their rows. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDurastackError } from '@durastack/contracts/errors';
import { autocommit } from '@durastack/store/database/transaction';
import type { DataSource } from 'typeorm';

/** An operation's row, as far as it is judged. Times in milliseconds since the epoch. */
export interface OperationFacts {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly direction: string;
  readonly run: number;
  readonly accountId: string;
  /** By a user; not by the product itself, and not as a part of another operation. */
  readonly isAsked: boolean;
  readonly resourceId: string;
  readonly summary: string;
  readonly step: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly cancelAsked: boolean;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

const OPEN = "('queued', 'granted', 'running')";
const TRY_AGAIN_MS = 250;
const TRIES = 120;

/** Asks the database again while it is away. */
async function query<T>(source: DataSource, sql: string, parameters: readonly unknown[] = []): Promise<T[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await autocommit(source).query<T>(sql, parameters);
    } catch (error) {
      if (!isDurastackError(error, 'BACKEND_BUSY') || attempt === TRIES) throw error;
      await sleep(TRY_AGAIN_MS);
    }
  }
}

/** How many have not ended; those that need attention have. */
export async function countOpen(source: DataSource): Promise<number> {
  const [row] = await query<{ open: number }>(source, `SELECT COUNT(*) AS open FROM operation WHERE state IN ${OPEN}`);
  return Number(row?.open ?? 0);
}

interface Row extends Omit<OperationFacts, 'isAsked' | 'cancelAsked' | 'createdAt' | 'startedAt' | 'endedAt'> {
  readonly isAsked: number;
  readonly cancelAsked: number;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}

/** The last one that was accepted. */
export async function readLastSeq(source: DataSource): Promise<number> {
  const [row] = await query<{ seq: number | null }>(source, 'SELECT MAX(seq) AS seq FROM operation');
  return Number(row?.seq ?? 0);
}

/** All that were accepted after another one, in this order. The product asks under the id of an account. */
export async function readOperations(source: DataSource, afterSeq: number): Promise<OperationFacts[]> {
  const rows = await query<Row>(
    source,
    `SELECT id, kind, state, direction, run, account_id AS accountId, resource_id AS resourceId, summary, step_title AS step,
       parent_id IS NULL AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = user_id) AS isAsked,
       error_code AS errorCode, error_message AS errorMessage, cancel_requested_at IS NOT NULL AS cancelAsked,
       created_at AS createdAt, started_at AS startedAt, ended_at AS endedAt
     FROM operation WHERE seq > ? ORDER BY seq`,
    [afterSeq],
  );
  return rows.map((row) => ({
    ...row,
    isAsked: Number(row.isAsked) === 1,
    cancelAsked: Number(row.cancelAsked) === 1,
    createdAt: row.createdAt.getTime(),
    startedAt: row.startedAt?.getTime() ?? null,
    endedAt: row.endedAt?.getTime() ?? null,
  }));
}

/** Names that more than one machine of these accounts has had. */
export async function readRepeatedNames(source: DataSource, accountIds: readonly string[]): Promise<string[]> {
  const rows = await query<{ name: string }>(
    source,
    'SELECT name FROM virtual_machine WHERE account_id IN (?) GROUP BY name HAVING COUNT(*) > 1',
    [accountIds],
  );
  return rows.map(({ name }) => name);
}
