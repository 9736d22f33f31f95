/** The administrator, who empties a host now and then, and uses it again. */
import { Calls, type CallOutcome } from './calls.js';
import type { PlannedCall } from './plan.js';
import type { ChaosWorld } from './world.js';

/** How long it is tried to use a host again at the end of a run. */
const AT_THE_END_MS = 60_000;

/** See the module's head. */
export class Operator {
  private readonly calls: Calls;
  private readonly drained = new Set<string>();

  constructor(private readonly world: ChaosWorld) {
    this.calls = new Calls(world.apiUrl, world.adminKeys);
  }

  /** Makes one call. It is repeated until it is answered: a host that stays empty would be missed by all others. */
  perform({ index, action, slot }: PlannedCall, giveUpAt: number): Promise<CallOutcome> {
    const hostId = this.world.moves?.hostIds[slot];
    if (hostId === undefined) return Promise.resolve({ kind: 'skipped' });
    if (action === 'use') return this.use(hostId, `chaos-${index}`, giveUpAt);
    this.drained.add(hostId);
    return this.send(`chaos-${index}`, { path: `/hosts/${hostId}/maintenance`, body: {} }, giveUpAt);
  }

  /** Uses every host again that is still empty. */
  async settle(): Promise<void> {
    for (const hostId of this.drained) await this.use(hostId, `chaos-end-${hostId}`, performance.now() + AT_THE_END_MS);
  }

  private async use(hostId: string, key: string, giveUpAt: number): Promise<CallOutcome> {
    const outcome = await this.send(key, { method: 'DELETE', path: `/hosts/${hostId}/maintenance` }, giveUpAt);
    if (outcome.kind === 'accepted') this.drained.delete(hostId);
    return outcome;
  }

  private async send(key: string, request: Parameters<Calls['keyed']>[1], giveUpAt: number): Promise<CallOutcome> {
    return (await this.calls.keyed(key, request, giveUpAt)).outcome;
  }
}
