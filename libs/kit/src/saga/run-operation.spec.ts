import type { OperationPorts, RunRef, StepFailure, StepOutcome, StepRef } from '@durastack/contracts/operations/step';
import { DONE, PASSED, PASSING, pending } from '@durastack/contracts/operations/step';
import { ERROR_KINDS } from '@durastack/contracts/errors';
import { ATTENTION_CAUSES, isOfNewerRun } from '@durastack/contracts/operations/attention';
import { describe, expect, it } from 'vitest';
import { runOperation, type SagaRuntime } from './run-operation.js';
import {
  defineSteps,
  forwardOnly,
  hostVerb,
  nothing,
  pivot,
  pivotOnHosts,
  poll,
  quick,
  undoable,
  type StepList,
} from './steps.js';

const RUN: RunRef = { operationId: 'o', run: 1 };

type Direction = StepRef['direction'];
interface Row {
  run: number;
  direction: Direction;
  state: string;
  failure?: StepFailure;
}

/** A world in memory: what stands and which row the operation has. */
class World {
  readonly standing = new Set<string>();
  readonly calls: string[] = [];
  readonly tokens: number[] = [];
  readonly row: Row = { run: 1, direction: 'forward', state: 'granted' };
  readonly failing = new Map<string, 'before' | 'after'>();
  cancelAt: string | undefined;
  cancelled = false;
  again = false;
  polls = 0;
  /** Its slow step passes the pivot before it is done. */
  passes = false;

  async act(activity: string, step: StepRef): Promise<StepOutcome> {
    this.calls.push(activity);
    this.tokens.push(step.tokenStep);
    const fails = this.failing.get(activity);
    if (fails === 'before') throw new Failure('STEP_REFUSED', `${activity} refused`);
    const [verb, thing] = activity.split('-') as [string, string];
    if (verb === 'slow' && this.polls++ < 2) return pending(this.polls === 1 ? 1_000 : 0, 'half way');
    if (verb === 'slow' && this.passes && step.direction === 'forward') {
      this.polls = 0;
      return PASSING;
    }
    if (verb === 'make' || verb === 'slow') this.standing.add(thing);
    if (verb === 'unmake') this.standing.delete(thing);
    if (verb === 'settle' && this.standing.has(thing)) return PASSED;
    if (this.cancelAt === activity) this.cancelled = true;
    if (fails === 'after') throw new Failure('STEP_REFUSED', `${activity} failed after its effect`);
    return DONE;
  }

  ports(): OperationPorts {
    return {
      beginRun: async () => {
        if (!['granted', 'running'].includes(this.row.state)) return { kind: 'superseded' };
        this.row.state = 'running';
        return {
          kind: 'run',
          generation: 7,
          controlEpoch: 1,
          direction: this.row.direction,
          cancelRequested: false,
          again: this.again,
        };
      },
      setDirection: async (_run, direction, failure) => {
        this.row.direction = direction;
        if (failure) this.row.failure = failure;
        return true;
      },
      finishRun: async (_run, outcome) => void (this.row.state = outcome),
      needsAttention: async (_run, failure) => void Object.assign(this.row, { state: 'needs-attention', failure }),
    };
  }

  runtime(): SagaRuntime {
    return {
      callStep: (call, step) => this.act(call.activity, step),
      operation: this.ports(),
      sleep: async () => {},
      cancelRequested: () => this.cancelled,
      shielded: (body) => body(),
      showStep: () => {},
      failureOf: (error) =>
        error instanceof Failure ? { code: error.code, message: error.text } : { code: 'BUG', message: String(error) },
    };
  }

  run(list: StepList) {
    return runOperation(RUN, list, this.runtime());
  }
}

class Failure {
  constructor(
    readonly code: string,
    readonly text: string,
  ) {}
}

type Ports = Record<
  'make-a' | 'unmake-a' | 'slow-b' | 'unmake-b' | 'settle-b' | 'make-c' | 'unmake-c' | 'make-d',
  (step: StepRef) => Promise<StepOutcome>
>;
const UNDOABLE = defineSteps<Ports>([
  undoable('A', { do: quick('make-a'), undo: quick('unmake-a') }),
  undoable('B', { do: poll('slow-b'), undo: hostVerb('unmake-b') }),
  undoable('C', { do: hostVerb('make-c'), undo: hostVerb('unmake-c') }),
]);
const WITH_PIVOT = defineSteps<Ports>([
  undoable('A', { do: quick('make-a'), undo: nothing('harmless') }),
  pivot('B', poll('slow-b')),
  forwardOnly('D', hostVerb('make-d'), 'after the pivot'),
]);

const PIVOT_ON_HOSTS = defineSteps<Ports>([
  undoable('A', { do: quick('make-a'), undo: quick('unmake-a') }),
  pivotOnHosts('B', { do: poll('slow-b'), settle: poll('settle-b') }),
  forwardOnly('D', hostVerb('make-d'), 'after the pivot'),
]);

describe('runOperation', () => {
  it('runs every step, with rising tokens, and commits', async () => {
    const world = new World();
    expect(await world.run(UNDOABLE)).toBe('succeeded');
    expect([...world.standing]).toEqual(['a', 'b', 'c']);
    expect(world.tokens).toEqual([1, 2, 2, 2, 3]);
  });

  describe.each(['make-a', 'slow-b', 'make-c'])('%s failing', (activity) => {
    it.each(['before', 'after'] as const)('%s its effect: undone in reverse, under higher tokens', async (when) => {
      const world = new World();
      world.failing.set(activity, when);
      expect(await world.run(UNDOABLE)).toBe('undone');
      expect([...world.standing]).toEqual([]);
      const undos = world.calls.filter((call) => call.startsWith('unmake'));
      expect(undos).toEqual([...undos].sort().reverse());
      expect(world.tokens).toEqual([...world.tokens].sort((a, b) => a - b));
      expect(world.row.failure?.code).toBe('STEP_REFUSED');
    });
  });

  it.each(['make-a', 'slow-b'])('hears a cancel during %s and undoes', async (activity) => {
    const world = new World();
    world.cancelAt = activity;
    expect(await world.run(UNDOABLE)).toBe('undone');
    expect([...world.standing]).toEqual([]);
    expect(world.row.failure?.code).toBe('CANCELLED');
  });

  it('needs attention when an undo fails, and says which', async () => {
    const world = new World();
    world.failing.set('make-c', 'after').set('unmake-b', 'before');
    expect(await world.run(UNDOABLE)).toBe('needs-attention');
    expect(world.row.failure).toMatchObject({ code: 'UNDO_FAILED', step: 'B' });
    expect(world.calls).not.toContain('unmake-a');
  });

  it('does not turn back after the pivot, whatever fails or is asked', async () => {
    const cancelled = new World();
    cancelled.cancelAt = 'slow-b';
    expect(await cancelled.run(WITH_PIVOT)).toBe('succeeded');
    const failed = new World();
    failed.failing.set('make-d', 'before');
    expect(await failed.run(WITH_PIVOT)).toBe('needs-attention');
    expect(failed.row.direction).toBe('past-pivot');
  });

  describe('a pivot that hosts pass', () => {
    it('is written once the step is done', async () => {
      const world = new World();
      expect(await world.run(PIVOT_ON_HOSTS)).toBe('succeeded');
      expect(world.row.direction).toBe('past-pivot');
    });

    it.each(['fails', 'is cancelled'])('is settled and undone with the rest when its step %s before', async (what) => {
      const world = new World();
      if (what === 'fails') world.failing.set('slow-b', 'before');
      else world.polls = -1_000;
      if (what === 'is cancelled') world.cancelled = true;
      expect(await world.run(PIVOT_ON_HOSTS)).toBe('undone');
      expect([...world.standing]).toEqual([]);
      expect(world.row.direction).toBe('undoing');
    });

    it.each(['fails', 'is cancelled'])('lets the operation go on when its step %s after', async (what) => {
      const world = new World();
      if (what === 'fails') world.failing.set('slow-b', 'after');
      else world.cancelAt = 'slow-b';
      expect(await world.run(PIVOT_ON_HOSTS)).toBe('succeeded');
      expect([...world.standing]).toEqual(['a', 'b', 'd']);
      expect(world.row.direction).toBe('past-pivot');
      expect(world.tokens).toEqual([...world.tokens].sort((a, b) => a - b));
    });

    it('is settled again when the run was lost while turning back', async () => {
      for (const passed of [true, false]) {
        const world = new World();
        world.row.direction = 'undoing';
        world.again = true;
        for (const thing of passed ? ['a', 'b'] : ['a']) world.standing.add(thing);
        expect(await world.run(PIVOT_ON_HOSTS)).toBe(passed ? 'succeeded' : 'undone');
        expect([...world.standing]).toEqual(passed ? ['a', 'b', 'd'] : []);
      }
    });

    it.each(['is done', 'is cancelled', 'fails'])(
      'is written before the step %s that passes it on the way',
      async (what) => {
        const world = new World();
        world.passes = true;
        const act = world.act.bind(world);
        world.act = (activity, step) => {
          if (step.direction === 'past-pivot') expect(world.row.direction).toBe('past-pivot');
          if (step.direction === 'past-pivot' && what === 'is cancelled') world.cancelled = true;
          if (step.direction === 'past-pivot' && what === 'fails') world.failing.set('slow-b', 'before');
          return act(activity, step);
        };
        expect(await world.run(PIVOT_ON_HOSTS)).toBe(what === 'fails' ? 'needs-attention' : 'succeeded');
        expect([...world.standing]).toEqual(what === 'fails' ? ['a'] : ['a', 'b', 'd']);
        expect(world.calls).not.toContain('settle-b');
        expect(world.row.direction).toBe('past-pivot');
      },
    );

    it('does not turn back at the steps behind it', async () => {
      const world = new World();
      world.failing.set('make-d', 'before');
      expect(await world.run(PIVOT_ON_HOSTS)).toBe('needs-attention');
      expect(world.row.failure).toMatchObject({ code: 'FORWARD_FAILED', step: 'D' });
    });
  });

  it('says where it failed when there is no way back', async () => {
    const world = new World();
    world.failing.set('make-d', 'before');
    await world.run(WITH_PIVOT);
    expect(world.row.failure).toMatchObject({ code: 'FORWARD_FAILED', step: 'D' });
  });

  describe.each(Object.entries(ERROR_KINDS).map(([code, { retryable }]) => ({ code, retryable })))(
    'the code $code',
    ({ code, retryable }) => {
      const newer = isOfNewerRun(code);
      const expected = newer ? 'superseded' : retryable ? 'goes on' : 'needs-attention';
      const failsThenWorks = (world: World, activity: string) => {
        const act = world.act.bind(world);
        let calls = 0;
        world.act = (name, step) => {
          if (name !== activity) return act(name, step);
          calls += 1;
          return calls <= 3 || !retryable ? Promise.reject(new Failure(code, 'no')) : act(name, step);
        };
      };

      it(`of an undo: ${expected}`, async () => {
        const world = new World();
        world.failing.set('make-c', 'after');
        failsThenWorks(world, 'unmake-b');
        expect(await world.run(UNDOABLE)).toBe(expected === 'goes on' ? 'undone' : expected);
        if (expected === 'needs-attention') expect(Object.keys(ATTENTION_CAUSES)).toContain(world.row.failure?.code);
      });

      it(`of a step after the pivot: ${expected}`, async () => {
        const world = new World();
        failsThenWorks(world, 'make-d');
        expect(await world.run(WITH_PIVOT)).toBe(expected === 'goes on' ? 'succeeded' : expected);
        if (expected === 'needs-attention') expect(Object.keys(ATTENTION_CAUSES)).toContain(world.row.failure?.code);
      });

      it('of a step before the pivot never calls for a person', async () => {
        const world = new World();
        failsThenWorks(world, 'make-a');
        expect(await world.run(WITH_PIVOT)).toBe(newer ? 'superseded' : 'undone');
      });
    },
  );

  it('goes on from the row alone: undoing from the last step, forward from the first', async () => {
    const undoing = new World();
    undoing.row.direction = 'undoing';
    undoing.standing.add('a');
    expect(await undoing.run(UNDOABLE)).toBe('undone');
    expect(undoing.calls).toEqual(['unmake-c', 'unmake-b', 'unmake-a']);
    expect([...undoing.standing]).toEqual([]);
  });

  it('takes back what an earlier run did, although this one turns back before it got there', async () => {
    for (const cancelled of [true, false]) {
      const world = new World();
      world.again = true;
      world.cancelled = cancelled;
      world.failing.set('make-a', 'before');
      for (const thing of ['a', 'b', 'c']) world.standing.add(thing);
      expect(await world.run(UNDOABLE)).toBe('undone');
      expect([...world.standing]).toEqual([]);
    }
  });

  it('does nothing when another run has taken over', async () => {
    const ended = new World();
    ended.row.state = 'succeeded';
    expect(await ended.run(UNDOABLE)).toBe('superseded');
    expect(ended.calls).toEqual([]);
    const stale = new World();
    stale.act = () => Promise.reject(new Failure('STALE_TOKEN', 'older'));
    expect(await stale.run(UNDOABLE)).toBe('superseded');
    expect(stale.row.state).toBe('running');
  });
});
