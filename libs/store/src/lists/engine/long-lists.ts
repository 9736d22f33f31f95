import type { Statement } from './page-sql.js';

/** Lists that are remembered; beyond that the oldest is forgotten. */
const MAX_REMEMBERED = 1_000;

/**
 * Totals as they were last counted. They are never given to anybody: whether a list goes on behind a page is only known
 * when the page was read, and if it did so before, its total is better counted meanwhile than afterwards.
 */
export class LongLists {
  private readonly totals = new Map<string, number>();

  /** Whether there were more rows than so many. */
  isLikelyBeyond(counting: Statement, rows: number): boolean {
    return (this.totals.get(keyOf(counting)) ?? 0) > rows;
  }

  /** Notes a total. */
  note(counting: Statement, total: number): void {
    const key = keyOf(counting);
    this.totals.delete(key);
    this.totals.set(key, total);
    const oldest = this.totals.keys().next().value;
    if (this.totals.size > MAX_REMEMBERED && oldest !== undefined) this.totals.delete(oldest);
  }
}

function keyOf({ text, values }: Statement): string {
  return `${text} ${JSON.stringify(values)}`;
}
