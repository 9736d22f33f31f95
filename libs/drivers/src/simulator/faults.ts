/** Faults to order: on the way to the agent, around the effect, on the way back. */
import { DurastackError, isErrorCode } from '@durastack/contracts/errors';
import { z } from 'zod';

/**
 * Where a fault strikes.
 * `arrival`: after the call was received and before the agent looks at it, as if the network had kept it;
 * `before-effect`, `after-effect`: inside the driver; `reply`: after the agent has served it.
 */
export const FAULT_POINTS = ['arrival', 'before-effect', 'after-effect', 'reply'] as const;
/** See {@link FAULT_POINTS}. */
export type FaultPoint = (typeof FAULT_POINTS)[number];

/** What to do there. */
export const faultRule = z.object({
  /** Only this host; every host when absent. */
  hostId: z.uuid().optional(),
  /** Only this verb; every verb when absent. */
  verb: z.string().optional(),
  point: z.enum(FAULT_POINTS),
  action: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('delay'), delayMs: z.int().min(0) }),
    /** Until released. `deaf`: does not even heed being cancelled. */
    z.object({ kind: z.literal('hold'), deaf: z.boolean().default(false) }),
    z.object({ kind: z.literal('refuse'), code: z.string().refine(isErrorCode), message: z.string() }),
    /** The connection breaks; at `arrival` and `reply` only. */
    z.object({ kind: z.literal('drop') }),
  ]),
  /** How many calls it strikes; all when absent. */
  times: z.int().positive().optional(),
});
/** See {@link faultRule}. */
export type FaultRule = z.input<typeof faultRule>;

interface Rule {
  readonly rule: z.output<typeof faultRule>;
  left: number;
  /** Calls held by this rule. */
  readonly held: Set<() => void>;
}

/** The faults in force in a simulated world. */
export class FaultPlan {
  private readonly rules = new Map<string, Rule>();
  private nextId = 1;

  /** Adds a fault; returns its id. */
  add(rule: FaultRule): string {
    const checked = faultRule.parse(rule);
    const id = String(this.nextId);
    this.nextId += 1;
    this.rules.set(id, { rule: checked, left: checked.times ?? Infinity, held: new Set() });
    return id;
  }

  /** Takes a fault back and lets go the calls that it holds; returns how many. */
  release(id: string): number {
    const rule = this.rules.get(id);
    if (rule === undefined) return 0;
    this.rules.delete(id);
    const held = [...rule.held];
    for (const letGo of held) letGo();
    return held.length;
  }

  /** How many calls a fault holds at this moment. */
  heldBy(id: string): number {
    return this.rules.get(id)?.held.size ?? 0;
  }

  /** Takes all faults back. */
  clear(): void {
    for (const id of [...this.rules.keys()]) this.release(id);
  }

  /**
   * A call passes a point.
   *
   * @throws what a `refuse` fault says; the signal's reason when it is aborted while waiting
   */
  async pass(
    point: FaultPoint,
    call: { hostId: string; verb: string },
    signal?: AbortSignal,
  ): Promise<'pass' | 'drop'> {
    for (const entry of this.rules.values()) {
      const { rule } = entry;
      if (rule.point !== point || entry.left <= 0) continue;
      if (rule.hostId !== undefined && rule.hostId !== call.hostId) continue;
      if (rule.verb !== undefined && rule.verb !== call.verb) continue;
      entry.left -= 1;
      const { action } = rule;
      if (action.kind === 'drop') return 'drop';
      if (action.kind === 'refuse') throw refusal(action.code, action.message);
      if (action.kind === 'delay') await sleep(action.delayMs, signal);
      else await hold(entry, action.deaf ? undefined : signal);
    }
    return 'pass';
  }
}

function refusal(code: string, message: string): DurastackError {
  return new DurastackError(isErrorCode(code) ? code : 'STEP_REFUSED', message);
}

/** Waits; rejects with the signal's reason as soon as it is aborted. */
export async function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  if (delayMs <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, delayMs);
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
  });
}

async function hold(rule: Rule, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const letGo = (): void => {
      rule.held.delete(letGo);
      signal?.removeEventListener('abort', abort);
      resolve();
    };
    const abort = (): void => {
      rule.held.delete(letGo);
      reject(signal?.reason);
    };
    rule.held.add(letGo);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
