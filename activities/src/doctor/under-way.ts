/** What operations have in their hands while the doctor looks: it may look odd, and is nobody's mistake. */
import type { Tx } from '@durastack/store/database/transaction';
import { subjectKey, type Finding, type FindingSubject } from './finding.js';

/** Everything that some operation held at some moment since the first look. */
export interface UnderWay {
  /** Operations from here on may have begun and ended unseen. */
  readonly firstSeq: number;
  /** By the database's clock, as text. */
  readonly sinceMoment: string;
  readonly held: ReadonlySet<string>;
}

const heldBy = (condition: string): string =>
  `SELECT o.resource_type AS type, o.resource_id AS id FROM operation o WHERE ${condition}
    UNION SELECT l.resource_type, l.resource_id FROM operation o STRAIGHT_JOIN operation_lock l ON l.operation_id = o.id
     WHERE l.mode = 'exclusive' AND ${condition}`;

/** Reads what is held now. Queued operations hold nothing yet. */
export async function readUnderWay(db: Tx): Promise<UnderWay> {
  const [start] = await db.query<{ firstSeq: number; now: string }>(
    `SELECT COALESCE((SELECT MIN(seq) FROM operation WHERE state = 'queued'), (SELECT MAX(seq) + 1 FROM operation), 0) AS firstSeq,
       CAST(NOW(3) AS CHAR) AS now`,
  );
  const rows = await db.query<FindingSubject>(heldBy("o.state IN ('granted', 'running', 'needs-attention')"));
  return { firstSeq: Number(start?.firstSeq), sinceMoment: start?.now ?? '', held: new Set(rows.map(subjectKey)) };
}

/** Adds what is held now, and what was taken and given back since. */
export async function extendUnderWay(db: Tx, before: UnderWay): Promise<UnderWay> {
  const now = await readUnderWay(db);
  const passed = await db.query<FindingSubject>(
    'SELECT resource_type AS type, resource_id AS id FROM operation WHERE seq >= ? AND ended_at >= ?',
    [before.firstSeq, before.sinceMoment],
  );
  return { ...before, held: new Set([...before.held, ...now.held, ...passed.map(subjectKey)]) };
}

/** Findings that no operation explains. */
export function unexplained(findings: readonly Finding[], { held }: UnderWay): Finding[] {
  return findings.filter(({ touches }) => !touches.some((subject) => held.has(subjectKey(subject))));
}
