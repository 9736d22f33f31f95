/**
 * Stands before every mutating verb: one verb per resource at a time, in order of arrival, none with an old token.
 *
 * A newer token stops what an older one has running and acts only when that has really ended. The same call under
 * the same token (a retry whose first attempt is still running) joins it instead of running twice.
 */
import { compareTokens, type AgentToken } from '@durastack/contracts/agent/token';
import { DurastackError } from '@durastack/contracts/errors';
import { describeToken, type Ledger, type TokenKind } from '../ledger/ledger.js';

/** A verb that wants to act. */
export interface VerbOrder<T> {
  readonly verb: string;
  readonly resource: string;
  readonly kind: TokenKind;
  readonly token: AgentToken;
  /** Equal for calls with equal parameters. */
  readonly fingerprint: string;
  /** Acts. Must stop and reject when the signal aborts. */
  readonly act: (signal: AbortSignal) => Promise<T>;
}

/** A verb that was let in. */
export interface Attempt<T = unknown> {
  /** Settles when it has ended. */
  readonly ended: Promise<T>;
  /** The token it acts under. */
  readonly token: AgentToken;
  /** Makes it stop; `ended` rejects with the reason unless it was done already. */
  cancel(reason: DurastackError): void;
  /** Lets it go on under a newer token: another run of the operation wants the same thing. */
  adopt(token: AgentToken): Promise<void>;
}

interface Entry {
  readonly order: VerbOrder<unknown>;
  token: AgentToken;
  readonly controller: AbortController;
  ended: Promise<unknown>;
}

/** See the module's head. One per host. */
export class VerbGuard {
  private readonly lanes = new Map<string, Entry[]>();

  constructor(private readonly ledger: Ledger) {}

  /** Verbs that run or wait. */
  get activeCount(): number {
    let count = 0;
    for (const lane of this.lanes.values()) count += lane.length;
    return count;
  }

  /**
   * Lets a verb in, or joins the same one.
   *
   * @throws DurastackError STALE_TOKEN at once; `ended` rejects with it when it became stale while waiting
   */
  admit<T>(order: VerbOrder<T>): Attempt<T> {
    const lane = this.lanes.get(order.resource) ?? [];
    this.ledger.check(order.resource, order.token, order.kind);
    const same = lane.find((entry) => this.isSame(entry, order));
    if (same !== undefined) return this.attempt<T>(same);
    const { durable, epochRose } = this.ledger.raise(order.resource, order.token, order.kind);
    if (epochRose) this.stopOlderEpochs(order.token);
    for (const entry of lane) if (overrides(order, entry)) this.stop(entry, order.token);
    const earlier = [...lane];
    const entry: Entry = { order, token: order.token, controller: new AbortController(), ended: Promise.resolve() };
    lane.push(entry);
    this.lanes.set(order.resource, lane);
    entry.ended = this.perform(entry, earlier, durable).finally(() => this.leave(entry));
    entry.ended.catch(() => undefined);
    return this.attempt<T>(entry);
  }

  /**
   * Makes an epoch the oldest that counts: what runs under an older one is stopped.
   *
   * Resolves when it is on the disk and everything older has really ended.
   */
  async adoptEpoch(controlEpoch: number): Promise<void> {
    const { durable, epochRose } = this.ledger.adoptEpoch(controlEpoch);
    const token = { controlEpoch, generation: 0, step: 0 };
    const older = [...this.lanes.values()].flat().filter((entry) => entry.token.controlEpoch < controlEpoch);
    if (epochRose) this.stopOlderEpochs(token);
    await durable;
    await Promise.allSettled(older.map(({ ended }) => ended));
  }

  /** Stops everything and waits for it; for the end of the process. */
  async stopAll(reason: DurastackError): Promise<void> {
    const entries = [...this.lanes.values()].flat();
    for (const entry of entries) entry.controller.abort(reason);
    await Promise.allSettled(entries.map(({ ended }) => ended));
  }

  private async perform(entry: Entry, earlier: readonly Entry[], durable: Promise<void>): Promise<unknown> {
    const { order, controller } = entry;
    await durable;
    await Promise.allSettled(earlier.map(({ ended }) => ended));
    controller.signal.throwIfAborted();
    this.ledger.check(order.resource, entry.token, order.kind);
    try {
      return await order.act(controller.signal);
    } catch (error) {
      // Whatever a stopped verb says of itself, why it was stopped is what its caller must know.
      if (controller.signal.aborted) throw controller.signal.reason;
      throw error;
    }
  }

  private attempt<T>(entry: Entry): Attempt<T> {
    return {
      ended: entry.ended as Promise<T>,
      get token() {
        return entry.token;
      },
      cancel: (reason) => entry.controller.abort(reason),
      adopt: async (token) => {
        const { durable, epochRose } = this.ledger.raise(entry.order.resource, token, entry.order.kind);
        entry.token = token;
        if (epochRose) this.stopOlderEpochs(token);
        await durable;
      },
    };
  }

  private isSame(entry: Entry, order: VerbOrder<unknown>): boolean {
    return (
      compareTokens(entry.token, order.token) === 0 &&
      entry.order.verb === order.verb &&
      entry.order.fingerprint === order.fingerprint &&
      !entry.controller.signal.aborted
    );
  }

  private stopOlderEpochs(token: AgentToken): void {
    for (const lane of this.lanes.values()) {
      for (const entry of lane) if (entry.token.controlEpoch < token.controlEpoch) this.stop(entry, token);
    }
  }

  private stop(entry: Entry, by: AgentToken): void {
    const message = `${entry.order.verb} on ${entry.order.resource} was stopped by the newer ${describeToken(by)}.`;
    entry.controller.abort(new DurastackError('STALE_TOKEN', message, { details: { resource: entry.order.resource } }));
  }

  private leave(entry: Entry): void {
    const lane = this.lanes.get(entry.order.resource)?.filter((other) => other !== entry) ?? [];
    if (lane.length > 0) this.lanes.set(entry.order.resource, lane);
    else this.lanes.delete(entry.order.resource);
  }
}

/** Two shared verbs never stop each other: both want the same thing to be there. */
function overrides(order: VerbOrder<unknown>, entry: Entry): boolean {
  if (order.kind === 'shared' && entry.order.kind === 'shared') return false;
  return compareTokens(order.token, entry.token) > 0;
}
