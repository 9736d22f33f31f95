import { newId } from '@durastack/kit/ids/new-id';
import type { DataSource } from 'typeorm';
import { transaction, type Tx } from '../database/transaction.js';

/** Rows of one statement; a transaction has a few of them. */
const AT_ONCE = 1_000;

/** Whoever makes rows is told how many there are. */
export type RowCount = number;

/**
 * Does something for each of many, a bounded number at a time: each batch is one transaction.
 *
 * @param write gives the number of rows that it has written for the indices
 */
export async function inBatches(
  source: DataSource,
  count: number,
  write: (tx: Tx, indices: readonly number[]) => Promise<RowCount>,
): Promise<RowCount> {
  let rows = 0;
  for (let from = 0; from < count; from += AT_ONCE) {
    const indices = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, offset) => from + offset);
    rows += await transaction(source, (tx) => write(tx, indices));
  }
  return rows;
}

/** Ids that ascend, as those of things that were made one after the other. */
export function newIds(count: number): string[] {
  const begin = Date.now() - count;
  return Array.from({ length: count }, (_, index) => newId(begin + index));
}
