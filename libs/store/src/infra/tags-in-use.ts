import { splitTags } from '@durastack/contracts/tags';
import type { Tx } from '../database/transaction.js';
import { tableOf } from '../operations/state-rows.js';

/** Every tag that hosts, or pools, bear which were not removed: each once, in order. */
export async function readTagsInUse(tx: Tx, type: 'host' | 'storage-pool'): Promise<readonly string[]> {
  // Tags that differ in case are two, unlike for the column's own collation.
  const rows = await tx.query<{ tags: string }>(
    `SELECT DISTINCT tags COLLATE utf8mb4_bin AS tags FROM ${tableOf(type)} WHERE tags IS NOT NULL AND state <> 'Removed'`,
  );
  return [...new Set(rows.flatMap(({ tags }) => splitTags(tags)))].sort();
}
