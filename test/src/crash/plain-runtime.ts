/** Runs an operation's steps as plain code, with one fault put where a case wants it. */
import type { OperationPorts, RunRef, StepOutcome, StepRef } from '@durastack/contracts/operations/step';
import { runOperation, type SagaRuntime } from '@durastack/kit/saga/run-operation';
import type { StepList } from '@durastack/kit/saga/steps';
import { transaction } from '@durastack/store/database/transaction';
import { markRunLost } from '@durastack/store/operations/dispatch';
import type { MatrixWorld } from './matrix-world.js';

/** What goes wrong, and where. */
export interface Fault {
  readonly direction: 'forward' | 'undoing';
  readonly index: number;
  /**
   * - `before`, `after`: the step fails for good, before or after its effect
   * - `twice`: it is carried out twice
   * - `lost`: its effect happens, then the whole run is lost, and another begins from the row
   * - `cancel`: cancel is asked for just before it
   */
  readonly kind: 'before' | 'after' | 'twice' | 'lost' | 'cancel';
}

/** The run ended here, as when a worker and Temporal's store go down together. */
class RunLost extends Error {}
class StepFails extends Error {}

type Activities = MatrixWorld['activities'];
interface Thrown {
  readonly type?: string;
  readonly message?: string;
  readonly nonRetryable?: boolean;
}

const ATTEMPTS = 20;

function portsOf(activities: Activities): OperationPorts {
  const call = (name: string, argument: unknown) => activities[name]!(argument);
  return {
    beginRun: (run) => call('beginRun', run) as ReturnType<OperationPorts['beginRun']>,
    setDirection: (run, direction, failure) => call('setDirection', { run, direction, failure }) as Promise<boolean>,
    finishRun: (run, outcome) => call('finishRun', { run, outcome }) as Promise<void>,
    needsAttention: (run, failure) => call('needsAttention', { run, failure }) as Promise<void>,
  };
}

function faultyRuntime(activities: Activities, faults: readonly Fault[], spent: Set<Fault>): SagaRuntime {
  let cancelled = false;
  const act = async (name: string, step: StepRef): Promise<StepOutcome> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return (await activities[name]!(step)) as StepOutcome;
      } catch (error) {
        if ((error as Thrown).nonRetryable === true || attempt === ATTEMPTS) throw error;
      }
    }
  };
  return {
    operation: portsOf(activities),
    async callStep(call, step) {
      const direction = step.direction === 'undoing' ? 'undoing' : 'forward';
      const fault = faults.find((one) => one.direction === direction && one.index === step.index && !spent.has(one));
      if (!fault) return act(call.activity, step);
      spent.add(fault);
      // After the pivot a failure is retried until it succeeds.
      const pastPivot = step.direction === 'past-pivot';
      if (fault.kind === 'before' && !pastPivot) throw new StepFails(`${call.activity} fails before its effect`);
      if (fault.kind === 'cancel') cancelled = true;
      let outcome = await act(call.activity, step);
      while (!outcome.done) outcome = await act(call.activity, step);
      if (fault.kind === 'twice' || (fault.kind === 'after' && pastPivot)) outcome = await act(call.activity, step);
      if (fault.kind === 'after' && !pastPivot) throw new StepFails(`${call.activity} fails after its effect`);
      if (fault.kind === 'lost') throw new RunLost();
      return outcome;
    },
    sleep: async () => {},
    cancelRequested: () => cancelled,
    shielded: (body) => body(),
    showStep: () => {},
    failureOf(error) {
      // A lost run has nobody left who could note why.
      if (error instanceof RunLost) throw error;
      if (error instanceof StepFails) return { code: 'STEP_REFUSED', message: error.message };
      const { type = 'BUG', message = String(error) } = error as Thrown;
      return { code: type, message };
    },
  };
}

/** Runs an accepted operation to its end, in as many runs as it takes. Returns its final state. */
export async function runToEnd(
  world: MatrixWorld,
  list: StepList,
  operationId: string,
  faults: readonly Fault[] = [],
): Promise<string> {
  const spent = new Set<Fault>();
  for (;;) {
    const [row] = await world.db.query<{ state: string; run: number }>(
      'SELECT state, run FROM operation WHERE id = ?',
      [operationId],
    );
    if (!row || (row.state !== 'granted' && row.state !== 'running')) return row?.state ?? 'gone';
    const run: RunRef = { operationId, run: row.run };
    try {
      await runOperation(run, list, faultyRuntime(world.activities, faults, spent));
    } catch (error) {
      if (!(error instanceof RunLost)) throw error;
      await transaction(world.database.source, (tx) => markRunLost(tx, operationId, row.run));
    }
  }
}
