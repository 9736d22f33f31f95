/**
 * Long verbs: started by key, told by polling with the same call, cancelled by key.
 *
 * A task that was running when the agent died is started again by the next call with its key: verbs are repeatable.
 */
import { compareTokens, type AgentToken } from '@durastack/contracts/agent/token';
import type { TaskStatus } from '@durastack/contracts/agent/verbs';
import { asDurastackError, DurastackError, ERROR_KINDS, isErrorCode } from '@durastack/contracts/errors';
import type { VerbContext } from '@durastack/drivers/driver';
import type { Logger } from '@durastack/kit/log/logger';
import type { Attempt, VerbGuard } from '../guard/verb-guard.js';
import type { Ledger, TokenKind } from '../ledger/ledger.js';
import type { TaskRecord, TaskStore } from './task-store.js';

/** A task that ends within this is answered by the call that starts it. */
const GRACE_MS = 150;

/** A long verb to be started or told of. */
export interface TaskOrder {
  readonly key: string;
  readonly verb: string;
  readonly resource: string;
  readonly kind: TokenKind;
  readonly token: AgentToken;
  readonly fingerprint: string;
  /** See {@link Verb.landmark}. */
  readonly landmark?: string | undefined;
  /** How long the answer waits for the end; absent: for {@link GRACE_MS}. */
  readonly waitMs?: number | undefined;
  readonly act: (context: VerbContext) => Promise<unknown>;
}

/** See the module's head. One per host. */
export class TaskRunner {
  private readonly running = new Map<string, Attempt>();
  /** Wakes whoever waits for a task's landmark. */
  private readonly passed = new Map<string, () => void>();
  private stopping = false;

  constructor(
    private readonly ledger: Ledger,
    private readonly guard: VerbGuard,
    private readonly store: TaskStore,
    private readonly log: Logger,
  ) {}

  /** From now on the end of a task is not recorded; see {@link VerbGuard.stopAll}. */
  prepareToStop(): void {
    this.stopping = true;
  }

  /**
   * Starts the task, or tells how it stands. A failure that may pass by itself is told once; the call after that
   * starts the task again.
   *
   * @throws DurastackError STALE_TOKEN; CONFLICT when the key belongs to another call
   */
  async startOrTell(order: TaskOrder): Promise<TaskStatus> {
    this.ledger.check(cancelKey(order.key), order.token, 'exclusive');
    this.ledger.check(order.resource, order.token, order.kind);
    const known = await this.ofThisCall(order);
    const attempt = this.running.get(order.key);
    if (known !== undefined && attempt !== undefined) await this.join(known, attempt, order);
    else if (known === undefined || this.mustStart(known, order)) this.start(order);
    else await this.keep(known, order);
    const started = this.running.get(order.key);
    if (started !== undefined)
      await settledWithin(Promise.race([started.ended, this.atLandmark(order)]), order.waitMs ?? GRACE_MS);
    this.passed.delete(order.key);
    return this.tell(order.key);
  }

  /**
   * Stops the task and waits until it has ended; a later start under an older token is refused.
   *
   * @throws DurastackError STALE_TOKEN when a newer run owns the task or the resource
   */
  async cancel(order: { taskKey: string; resource: string; token: AgentToken }): Promise<TaskStatus> {
    const { taskKey: key, token } = order;
    this.ledger.check(order.resource, token, 'shared');
    const attempt = this.running.get(key);
    const known = this.store.get(key);
    if (attempt !== undefined && compareTokens(attempt.token, token) > 0) {
      throw new DurastackError('STALE_TOKEN', `Task ${key} belongs to a newer run than the one that cancels it.`);
    }
    await this.ledger.raise(cancelKey(key), token, 'exclusive').durable;
    if (attempt !== undefined) {
      attempt.cancel(new DurastackError('CANCELLED', `Task ${key} was cancelled.`));
      await settled(attempt.ended);
      return this.tell(key);
    }
    if (known === undefined) return { key, verb: '', state: 'cancelled' };
    if (known.status.state === 'running') this.finish(known, { key, verb: known.status.verb, state: 'cancelled' });
    return this.tell(key);
  }

  /** Forgets tasks that ended long ago. */
  clean(): void {
    this.store.clean((key) => this.running.has(key));
  }

  /** Resolves once the task has said its landmark; never, when it has none. */
  private async atLandmark({ key, landmark }: TaskOrder): Promise<void> {
    if (landmark !== undefined && this.store.get(key)?.status.detail === landmark) return;
    await new Promise<void>((resolve) => this.passed.set(key, resolve));
  }

  private start(order: TaskOrder): void {
    const { key, verb, token, resource, fingerprint, landmark } = order;
    const status: TaskStatus = { key, verb, state: 'running' };
    const record: TaskRecord = { status, token, resource, fingerprint, told: false };
    this.store.put(record);
    const progress: VerbContext['progress'] = (percent, detail, transfer) => {
      this.store.progress(key, percent, detail, transfer);
      if (detail === landmark) this.passed.get(key)?.();
    };
    const attempt = this.guard.admit({
      ...order,
      fingerprint: `${key} ${fingerprint}`,
      act: (signal) => order.act({ signal, progress }),
    });
    this.running.set(key, attempt);
    const end = (status: Omit<TaskStatus, 'key' | 'verb'>): void => {
      this.running.delete(key);
      // A task that ends because the agent ends stays `running` on the disk: it is started again afterwards.
      if (!this.stopping) this.finish(this.store.get(key) ?? record, { key, verb, ...status });
    };
    attempt.ended.then(
      (result) => end({ state: 'done', percent: 100, result }),
      (error: unknown) => {
        const { code, message } = asDurastackError(error);
        const stopped = code === 'CANCELLED' || code === 'STALE_TOKEN';
        end({ state: stopped ? 'cancelled' : 'failed', error: { code, message } });
      },
    );
  }

  /** Another run of the same operation wants the same thing: what is under way serves it too. */
  private async join(known: TaskRecord, attempt: Attempt, order: TaskOrder): Promise<void> {
    const newer = compareTokens(order.token, attempt.token);
    if (newer < 0) throw new DurastackError('STALE_TOKEN', `Task ${order.key} belongs to a newer run.`);
    if (newer === 0) return;
    await attempt.adopt(order.token);
    this.store.put({ ...known, ...this.store.get(order.key), token: order.token });
  }

  private mustStart(known: TaskRecord, order: TaskOrder): boolean {
    const newer = compareTokens(order.token, known.token) > 0;
    const { state, error } = known.status;
    switch (state) {
      case 'running':
        return true;
      case 'cancelled':
        return newer;
      case 'failed': {
        const passing = error !== undefined && isErrorCode(error.code) && ERROR_KINDS[error.code].retryable;
        return newer || (known.told && passing);
      }
      case 'done': {
        // What it made may be gone again if anybody else has acted since.
        const last = this.ledger.newest(order.resource, order.kind);
        return last !== undefined && compareTokens(last, known.token) > 0;
      }
    }
  }

  private async keep(known: TaskRecord, order: TaskOrder): Promise<void> {
    if (compareTokens(order.token, known.token) > 0) {
      await this.ledger.raise(order.resource, order.token, order.kind).durable;
      this.store.put({ ...known, token: order.token });
    }
  }

  private tell(key: string): TaskStatus {
    const record = this.store.get(key);
    if (record === undefined) throw new DurastackError('BUG', `Task ${key} has no record.`);
    if (record.status.state === 'failed' && !record.told) this.store.put({ ...record, told: true });
    return record.status;
  }

  private finish(record: TaskRecord, status: TaskStatus): void {
    try {
      this.store.put({ ...record, status, told: false });
    } catch (error) {
      // Pollers learn it from memory; after a restart the task is started again, which it bears.
      this.log.error({ error, task: status.key }, 'the end of a task could not be written');
    }
  }

  /** The record of the key, unless it is of an older run's different call, which is stopped. */
  private async ofThisCall(order: TaskOrder): Promise<TaskRecord | undefined> {
    const known = this.store.get(order.key);
    if (known === undefined) return undefined;
    if (known.status.verb === order.verb && known.fingerprint === order.fingerprint) return known;
    if (compareTokens(order.token, known.token) <= 0) {
      const message = `Task key ${order.key} belongs to another call of ${known.status.verb}; use one key per step.`;
      throw new DurastackError('CONFLICT', message);
    }
    const attempt = this.running.get(order.key);
    if (attempt !== undefined) {
      attempt.cancel(new DurastackError('CANCELLED', `Task ${order.key} was replaced by a newer run's.`));
      await settled(attempt.ended);
    }
    return undefined;
  }
}

/** The ledger's name for "this task was cancelled under that token". */
function cancelKey(taskKey: string): string {
  return `task:${taskKey}`;
}

async function settled(promise: Promise<unknown>): Promise<void> {
  await promise.then(
    () => undefined,
    () => undefined,
  );
}

async function settledWithin(promise: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
  await Promise.race([settled(promise), timeout]);
  clearTimeout(timer);
}
