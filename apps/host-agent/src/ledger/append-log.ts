/**
 * A small key-value store of one append-only file.
 *
 * `set` takes effect in memory at once and resolves when the record is on the disk; records that arrive while the
 * disk is busy share one flush. A torn last line (killed in mid-write) was never acknowledged and is dropped.
 */
import { createReadStream } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { DurastackError } from '@durastack/contracts/errors';
import { syncDirectory } from '../files/durable-file.js';

/** Lines that may be superseded before the file is rewritten. */
const COMPACT_AFTER_LINES = 20_000;
/** Characters that are written at once. */
const CHUNK_LENGTH = 1_000_000;

/** How a log treats its records. */
export interface AppendLogOptions<V> {
  /** Checks a value that was read; undefined refuses the file. */
  readonly parse: (value: unknown) => V | undefined;
  /** Whether a record may be dropped when the file is rewritten. */
  readonly expired?: (value: V) => boolean;
  /** Create the file when there is none; otherwise its absence is an error. */
  readonly create: boolean;
}

/** See the module's head. */
export class AppendLog<V> {
  private readonly values = new Map<string, V>();
  private pending: string[] = [];
  /** The batch that has not begun and still takes records. */
  private nextBatch: Promise<void> | undefined;
  /** The batch after which the next one begins; never rejects. */
  private lastBatch: Promise<void> = Promise.resolve();
  private lines = 0;
  /** Set when the file's end is unknown: it is rewritten before anything is appended. */
  private torn = false;
  private file: FileHandle | undefined;

  private constructor(
    private readonly path: string,
    private readonly options: AppendLogOptions<V>,
  ) {}

  /**
   * Opens the log.
   *
   * @throws DurastackError ENVIRONMENT when it is missing and not to be created, or damaged in its middle
   */
  static async open<V>(path: string, options: AppendLogOptions<V>): Promise<AppendLog<V>> {
    const log = new AppendLog(path, options);
    const exists = await log.load();
    if (!exists && !options.create) {
      throw new DurastackError('ENVIRONMENT', `${path} is missing: enrol this host again, as a new incarnation.`);
    }
    if (!exists || log.torn || log.lines > log.values.size + COMPACT_AFTER_LINES) await log.rewrite();
    else log.file = await open(path, 'a');
    return log;
  }

  /** The present value. */
  get(key: string): V | undefined {
    return this.values.get(key);
  }

  /** All present keys and values. */
  entries(): IterableIterator<[string, V]> {
    return this.values.entries();
  }

  /** Number of keys. */
  get size(): number {
    return this.values.size;
  }

  /** Sets a value. Resolves when it is durable; ENVIRONMENT when the disk refuses. */
  set(key: string, value: V): Promise<void> {
    this.values.set(key, value);
    this.pending.push(JSON.stringify([key, value]));
    if (this.nextBatch === undefined) {
      this.nextBatch = this.lastBatch.then(() => this.writeBatch());
      this.lastBatch = this.nextBatch.catch(() => undefined);
    }
    return this.nextBatch;
  }

  /** Waits for what is under way and closes the file. */
  async close(): Promise<void> {
    await this.lastBatch;
    await this.file?.close();
    this.file = undefined;
  }

  private async writeBatch(): Promise<void> {
    const batch = this.pending;
    this.pending = [];
    this.nextBatch = undefined;
    await this.append(batch);
  }

  private async append(batch: readonly string[]): Promise<void> {
    try {
      if (this.torn || this.file === undefined || this.lines > this.values.size + COMPACT_AFTER_LINES) {
        await this.rewrite();
        return;
      }
      await this.file.appendFile(`${batch.join('\n')}\n`);
      await this.file.datasync();
      this.lines += batch.length;
    } catch (error) {
      this.torn = true;
      throw new DurastackError('ENVIRONMENT', `Cannot write ${this.path}; is the disk full or read-only?`, {
        cause: error,
      });
    }
  }

  private async rewrite(): Promise<void> {
    for (const [key, value] of this.values) if (this.options.expired?.(value)) this.values.delete(key);
    const temporary = `${this.path}.part`;
    await rm(temporary, { force: true });
    const next = await open(temporary, 'ax', 0o600);
    try {
      await this.writeAll(next);
    } catch (error) {
      await next.close();
      throw error;
    }
    await rename(temporary, this.path);
    syncDirectory(dirname(this.path));
    await this.file?.close();
    this.file = next;
    this.lines = this.values.size;
    this.torn = false;
  }

  private async writeAll(file: FileHandle): Promise<void> {
    let text = '';
    for (const [key, value] of this.values) {
      text += `${JSON.stringify([key, value])}\n`;
      if (text.length < CHUNK_LENGTH) continue;
      await file.appendFile(text);
      text = '';
    }
    await file.appendFile(text);
    await file.sync();
  }

  private async load(): Promise<boolean> {
    try {
      const handle = await open(this.path, 'r');
      const { size } = await handle.stat();
      const tail = Buffer.alloc(1);
      if (size > 0) await handle.read(tail, 0, 1, size - 1);
      await handle.close();
      this.torn = size > 0 && tail[0] !== 0x0a;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw new DurastackError('ENVIRONMENT', `Cannot read ${this.path}.`, { cause: error });
    }
    let previous: string | undefined;
    for await (const line of createInterface({ input: createReadStream(this.path), crlfDelay: Infinity })) {
      if (previous !== undefined) this.take(previous);
      previous = line;
    }
    if (!this.torn && previous !== undefined) this.take(previous);
    return true;
  }

  private take(line: string): void {
    this.lines += 1;
    let record: unknown;
    try {
      record = JSON.parse(line);
    } catch (error) {
      throw this.damaged(error);
    }
    if (!Array.isArray(record) || typeof record[0] !== 'string') throw this.damaged();
    const value = this.options.parse(record[1]);
    if (value === undefined) throw this.damaged();
    this.values.set(record[0], value);
  }

  private damaged(cause?: unknown): DurastackError {
    const message = `${this.path} is damaged in line ${this.lines}: enrol this host again, as a new incarnation.`;
    return new DurastackError('ENVIRONMENT', message, { cause });
  }
}
