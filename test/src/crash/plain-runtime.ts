/**
 * Runs an operation's steps as plain code, as Temporal would: with a history that a run is replayed from, local
 * activities that are only remembered once something durable follows, retries, and a fault where a case wants it.
 */
import { invariant } from '@durastack/contracts/errors';
import type { OperationPorts, RunRef, StepOutcome } from '@durastack/contracts/operations/step';
import { runOperation, type SagaRuntime } from '@durastack/kit/saga/run-operation';
import type { StepList } from '@durastack/kit/saga/steps';
import { MAX_PAYLOAD_BYTES, withActivityEdge } from '@durastack/kit/temporal/activity-edge';
import { transaction } from '@durastack/store/database/transaction';
import { markRunLost } from '@durastack/store/operations/dispatch';
import { HeldAttempt, watched, type AttemptWatch, type Point } from './attempts.js';
import type { CallKey, Fault, Plan } from './faults.js';
import type { MatrixWorld } from './matrix-world.js';

/** The run ended here, as when a worker and Temporal's store go down together. */
class RunLost extends Error {}
/** The worker ended here; another replays the history. */
class WorkerDied extends Error {}
/** The workflow was reset to its beginning. */
class RunReset extends Error {}
class StepFails extends Error {
  constructor(
    readonly code: 'STEP_REFUSED' | 'TIMEOUT',
    message: string,
  ) {
    super(message);
  }
}

const ENDS_RUN = [RunLost, WorkerDied, RunReset];
const ATTEMPTS = 20;
/** Attempts that a database refuses before it takes them again. */
const REFUSALS = 3;

interface Thrown {
  readonly type?: string;
  readonly message?: string;
  readonly nonRetryable?: boolean;
}

/** What was called, and which points its first attempt passed. */
export interface Called {
  readonly key: CallKey;
  readonly local: boolean;
  readonly points: readonly Point[];
}

type Settled = { readonly value: unknown } | { readonly error: unknown };

interface Held {
  readonly attempt: HeldAttempt;
  readonly fault: Extract<Fault, { kind: 'held' }>;
}

/** What an operation does, and what those do that it asks for. */
export interface Script {
  readonly kind: string;
  readonly workflows: ReadonlyMap<string, StepList>;
}

function listOf({ kind, workflows }: Script): StepList {
  const list = workflows.get(kind);
  invariant(list, `There is no workflow ${kind}.`);
  return list;
}

/** What the engine does for one operation; see the module's head. */
export class Play {
  /** Every call that was made, in order. */
  readonly called: Called[] = [];
  /** How every attempt that was held ended, once it was released. */
  readonly released: string[] = [];
  private readonly held: Held[] = [];
  private readonly spent = new Set<Fault>();
  private history: Settled[] = [];
  private unremembered: Settled[] = [];
  private position = 0;
  private locals = 0;
  private cancelled = false;

  constructor(
    private readonly world: MatrixWorld,
    private readonly script: Script,
    private readonly operationId: string,
    private readonly plan: Plan = {},
  ) {}

  /** Runs it to its end, in as many runs as it takes. Returns its final state. */
  async toEnd(): Promise<string> {
    for (;;) {
      const row = await this.row();
      if (row?.state !== 'granted' && row?.state !== 'running') {
        await this.release((release) => release === 'after its retry' || release === 'after the undo');
        await this.release((release) => release === 'after another run' || release === 'after a reset');
        return row?.state ?? 'gone';
      }
      await this.once({ operationId: this.operationId, run: row.run });
    }
  }

  /** The next operation on the resource has ended: lets go what waited for that. */
  async nextHasEnded(): Promise<void> {
    await this.release(() => true);
  }

  private async row(): Promise<{ state: string; run: number } | undefined> {
    const rows = await this.world.db.query<{ state: string; run: number }>(
      'SELECT state, run FROM operation WHERE id = ?',
      [this.operationId],
    );
    return rows[0];
  }

  private async once(run: RunRef): Promise<void> {
    this.position = 0;
    this.unremembered = [];
    try {
      await runOperation(run, listOf(this.script), this.runtime());
    } catch (error) {
      if (error instanceof WorkerDied) {
        // What fails for good fails again where the history does not know of it yet.
        this.spent.clear();
        return;
      }
      this.history = [];
      if (error instanceof RunReset) return;
      if (!(error instanceof RunLost)) throw error;
      await this.loseRun(run);
      return;
    }
    // A workflow that ended without having ended its operation is found by the sweep.
    const row = await this.row();
    if (row?.state === 'running' && row.run === run.run) await this.loseRun(run);
    this.history = [];
  }

  private loseRun({ operationId, run }: RunRef): Promise<boolean> {
    return transaction(this.world.database.source, (tx) => markRunLost(tx, operationId, run));
  }

  private runtime(): SagaRuntime {
    return {
      operation: this.ports(),
      callStep: (call, step) => {
        const undoing = step.direction === 'undoing';
        const key: CallKey = `${undoing ? 'undoing' : 'forward'} ${step.index}`;
        const local = call.profile === 'quick';
        const wayBack = step.direction === 'forward';
        return this.call({ key, local, wayBack, name: call.activity }, step) as Promise<StepOutcome>;
      },
      sleep: () => this.runChildren(),
      cancelRequested: () => this.cancelled,
      shielded: (body) => body(),
      showStep: () => {},
      failureOf(error) {
        // A run that is no more cannot note why.
        if (ENDS_RUN.some((kind) => error instanceof kind)) throw error;
        if (error instanceof StepFails) return { code: error.code, message: error.message };
        const { type = 'BUG', message = String(error) } = error as Thrown;
        return { code: type, message };
      },
    };
  }

  private ports(): OperationPorts {
    const call = (name: 'beginRun' | 'setDirection' | 'finishRun', argument: unknown) =>
      this.call({ key: name, local: true, wayBack: false, name }, argument);
    return {
      beginRun: (run) => call('beginRun', run) as ReturnType<OperationPorts['beginRun']>,
      setDirection: (run, direction, failure) => call('setDirection', { run, direction, failure }) as Promise<boolean>,
      finishRun: (run, outcome) => call('finishRun', { run, outcome }) as Promise<void>,
      needsAttention: (run, failure) => this.act('needsAttention', { run, failure }) as Promise<void>,
    };
  }

  /** One call of the workflow: from the history, or made now. */
  private async call(made: Made, argument: unknown): Promise<unknown> {
    const known = this.history[this.position];
    this.position += 1;
    if (known) return open(known);
    // Once something durable is asked for, what was done locally before is in the history.
    if (!made.local) this.remember();
    const result = await settle(() => this.strike(made, argument));
    if ('error' in result && ENDS_RUN.some((kind) => result.error instanceof kind)) throw result.error;
    this.unremembered.push(result);
    if (!made.local) this.remember();
    else {
      this.locals += 1;
      if (this.locals === this.plan.crash?.afterLocal) throw new WorkerDied();
    }
    return open(result);
  }

  private remember(): void {
    this.history.push(...this.unremembered);
    this.unremembered = [];
  }

  /** Makes a call, with the fault that is meant for it. */
  private async strike(made: Made, argument: unknown): Promise<unknown> {
    const fault = this.plan.faults?.find((one, index, all) => {
      const due = one.afterwards !== true || all.slice(0, index).every((earlier) => this.spent.has(earlier));
      return one.at === made.key && due && !this.spent.has(one);
    });
    if (!fault) {
      const result = await this.act(made.name, argument, this.recorder(made));
      if (isDone(result)) await this.stepHasEnded(made.key);
      return result;
    }
    this.spent.add(fault);
    if (fault.kind === 'held') return this.hold(made, argument, fault);
    const result = await this.strikeNow(made, argument, fault.kind);
    await this.stepHasEnded(made.key);
    return result;
  }

  private async strikeNow(made: Made, argument: unknown, kind: Exclude<Fault['kind'], 'held'>): Promise<unknown> {
    const { name, wayBack } = made;
    // Where there is no way back, a failure is retried until it succeeds.
    if (kind === 'before' && wayBack) throw new StepFails('STEP_REFUSED', `${name} fails before its effect`);
    if (kind === 'timeout' && wayBack) throw new StepFails('TIMEOUT', `${name} was not heard of in its time`);
    if (kind === 'cancel') this.cancelled = true;
    if (kind === 'refused' || kind === 'unheard') return this.act(name, argument, refusing(kind));
    let result = await this.actToDone(name, argument);
    if (kind === 'oversized') return this.oversized(name, argument);
    if (kind === 'after' && wayBack) throw new StepFails('STEP_REFUSED', `${name} fails after its effect`);
    if (kind === 'twice' || kind === 'after') result = await this.actToDone(name, argument);
    if (kind === 'lost') throw new RunLost();
    if (kind === 'reset') throw new RunReset();
    return result;
  }

  private async hold(made: Made, argument: unknown, fault: Extract<Fault, { kind: 'held' }>): Promise<unknown> {
    const { name, wayBack } = made;
    const { release } = fault;
    for (const point of fault.points) {
      const attempt = new HeldAttempt(() => this.world.activities[name]!(argument), point);
      await attempt.standing;
      this.held.push({ attempt, fault });
    }
    if (wayBack && (release === 'after the undo' || release === 'after undo and next operation'))
      throw new StepFails('TIMEOUT', `${name} was not heard of in its time`);
    if (release === 'after another run') throw new RunLost();
    if (release === 'after a reset') throw new RunReset();
    return this.actToDone(name, argument);
  }

  private async stepHasEnded(key: CallKey): Promise<void> {
    await this.release((release, at) => release === 'after its retry' && at !== key);
    await this.release(
      (release, at) => release === 'after the undo' && key === at.replace('forward', 'undoing') && key !== at,
    );
  }

  private async release(due: (release: string, at: CallKey) => boolean): Promise<void> {
    const now = this.held.filter(({ fault }) => due(fault.release, fault.at));
    for (const one of now) this.held.splice(this.held.indexOf(one), 1);
    for (const { attempt, fault } of now) this.released.push(`${fault.at}: ${await attempt.release()}`);
  }

  private async oversized(name: string, argument: unknown): Promise<unknown> {
    const speak = async () => {
      await this.world.activities[name]!(argument);
      return { done: true, detail: 'x'.repeat(MAX_PAYLOAD_BYTES) };
    };
    return withActivityEdge(speak, () => {})();
  }

  /** Calls a step until it is done; whatever else a call answers counts as done. */
  private async actToDone(name: string, argument: unknown): Promise<unknown> {
    for (;;) {
      const result = await this.act(name, argument);
      if (isDone(result)) return result;
      await this.runChildren();
    }
  }

  /** Time passes: what the operation has asked for is done meanwhile, without faults. */
  private async runChildren(): Promise<void> {
    const children = await this.world.db.query<{ id: string; kind: string }>(
      "SELECT id, kind FROM operation WHERE parent_id = ? AND state IN ('granted', 'running') ORDER BY child_index",
      [this.operationId],
    );
    const { workflows } = this.script;
    for (const { id, kind } of children) await runToEnd(this.world, { kind, workflows }, id);
  }

  private async act(name: string, argument: unknown, watch: AttemptWatch = {}): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await watched(watch, () => this.world.activities[name]!(argument));
      } catch (error) {
        if ((error as Thrown).nonRetryable === true || attempt === ATTEMPTS) throw error;
      }
    }
  }

  private recorder({ key, local }: Made): AttemptWatch {
    const points: Point[] = [];
    this.called.push({ key, local, points });
    return { at: (point) => void points.push(point) };
  }
}

interface Made {
  readonly key: CallKey;
  readonly local: boolean;
  /** Whether its failure turns the operation back. */
  readonly wayBack: boolean;
  readonly name: string;
}

/** Or passed the pivot on its way: what calls it on from there is another call. */
const isDone = (result: unknown): boolean => {
  const outcome = result as StepOutcome | undefined;
  return outcome?.done !== false || outcome.passed === true;
};

function refusing(kind: 'refused' | 'unheard'): AttemptWatch {
  let left = REFUSALS;
  return {
    commit() {
      left -= 1;
      if (left < 0) return undefined;
      return kind === 'refused' ? 'refused' : 'reply lost';
    },
  };
}

async function settle(body: () => Promise<unknown>): Promise<Settled> {
  try {
    return { value: await body() };
  } catch (error) {
    return { error };
  }
}

function open(result: Settled): unknown {
  if ('error' in result) throw result.error;
  return result.value;
}

/** Runs an accepted operation to its end without faults. Returns its final state. */
export function runToEnd(world: MatrixWorld, script: Script, operationId: string): Promise<string> {
  return new Play(world, script, operationId).toEnd();
}
