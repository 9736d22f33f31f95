/** What is said of a migration while it is under way, and at its end. */
import type { MigrationFigures } from '@durastack/contracts/agent/migration';
import type { TransferProgress } from '@durastack/contracts/operations/transfer-progress';
import type { MigrationRow } from './migration-rows.js';

/** In words; nothing when nobody measured. */
export function figuresInWords(row: MigrationRow): string | undefined {
  const { totalMs, downtimeMs, sentBytes, switchedMs, noPostCopy } = row;
  if (totalMs === null || downtimeMs === null || sentBytes === null) return undefined;
  const sent = `sent ${(sentBytes / 2 ** 20).toFixed(1)} MiB in ${(totalMs / 1000).toFixed(1)} s`;
  if (switchedMs !== null) return `${sent}, then went over; the rest followed (post-copy)`;
  return `${sent}, downtime ${downtimeMs} ms${noPostCopy === null ? '' : `; without post-copy: ${noPostCopy}`}`;
}

/** What is said while its memory follows. */
export function following(remainingBytes: number | undefined): string {
  const left = remainingBytes === undefined ? 'the rest' : `${Math.ceil(remainingBytes / 2 ** 20)} MiB`;
  return `it runs at its new host; ${left} of its memory follows (post-copy)`;
}

/** What it came to. */
export function inTheEnd({ totalMs, downtimeMs, sentBytes, hypervisorMs }: MigrationFigures): TransferProgress {
  const processedBytes = Math.round(sentBytes);
  const times = {
    elapsedMs: Math.round(totalMs),
    hypervisorMs: Math.round(hypervisorMs),
    downtimeMs: Math.round(downtimeMs),
  };
  return { processedBytes, remainingBytes: 0, totalBytes: processedBytes, ...times };
}
