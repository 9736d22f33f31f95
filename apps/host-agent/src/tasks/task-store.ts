/** What is known of long tasks, one file per key, so that a restarted agent can still tell. */
import { createHash } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { agentToken } from '@durastack/contracts/agent/token';
import { taskStatus } from '@durastack/contracts/agent/verbs';
import type { VerbContext } from '@durastack/drivers/driver';
import { z } from 'zod';
import { ensurePrivateDirectory, readJsonFile, writeDurableFile } from '../files/durable-file.js';

const KEEP_MS = 86_400_000;

const taskRecord = z.object({
  status: taskStatus,
  token: agentToken,
  resource: z.string(),
  /** Hash of the parameters; they themselves may hold secrets and come again with the next call. */
  fingerprint: z.string(),
  /** Whether a caller has been told of the failure. */
  told: z.boolean(),
});
/** A task as it is kept. */
export type TaskRecord = z.infer<typeof taskRecord>;

/** Task files of one host. */
export class TaskStore {
  private readonly cache = new Map<string, TaskRecord>();
  private directoryMade = false;

  constructor(private readonly directory: string) {}

  /** The record of a key. */
  get(key: string): TaskRecord | undefined {
    const cached = this.cache.get(key);
    if (cached !== undefined) return cached;
    const record = readJsonFile(this.fileOf(key), taskRecord);
    if (record !== undefined) this.cache.set(key, record);
    return record;
  }

  /** Keeps a record; returns when it is on the disk. ENVIRONMENT when the disk refuses; memory knows it even then. */
  put(record: TaskRecord): void {
    this.cache.set(record.status.key, record);
    if (!this.directoryMade) ensurePrivateDirectory(this.directory);
    this.directoryMade = true;
    writeDurableFile(this.fileOf(record.status.key), JSON.stringify(record));
  }

  /** Shows progress to pollers; not worth a disk write. */
  progress(key: string, ...[percent, detail, progress]: Parameters<VerbContext['progress']>): void {
    const record = this.cache.get(key);
    if (record === undefined || record.status.state !== 'running') return;
    const { key: taskKey, verb, state } = record.status;
    const shown = {
      ...(percent === undefined ? {} : { percent: Math.min(100, Math.max(0, percent)) }),
      ...(progress === undefined ? {} : { progress }),
    };
    this.cache.set(key, { ...record, status: { key: taskKey, verb, state, detail, ...shown } });
  }

  /** Forgets records older than a day. */
  clean(isRunning: (key: string) => boolean): void {
    if (!this.directoryMade && !exists(this.directory)) return;
    const before = Date.now() - KEEP_MS;
    for (const name of readdirSync(this.directory)) {
      const path = join(this.directory, name);
      if (statSync(path).mtimeMs > before) continue;
      const key = name.endsWith('.json') ? readJsonFile(path, taskRecord)?.status.key : undefined;
      if (key !== undefined && isRunning(key)) continue;
      if (key !== undefined) this.cache.delete(key);
      rmSync(path, { force: true });
    }
  }

  private fileOf(key: string): string {
    return join(this.directory, `${createHash('sha256').update(key).digest('hex').slice(0, 40)}.json`);
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
