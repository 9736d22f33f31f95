/** Says in words what an operation is waiting for. */
import type { Tx } from '@durastack/store/database/transaction';
import { mayAccess } from '@durastack/store/identity/access';
import type { Caller } from '@durastack/store/identity/caller';
import { readBlockers, readStartFacts, type Blocker, type StartFacts } from '@durastack/store/operations/waiting';

/** An earlier operation that stands in the way. One of somebody else's is not named. */
export interface BlockingOperation {
  readonly operationId?: string;
  readonly summary: string;
  readonly resource: { readonly type: string; readonly id: string; readonly name?: string };
}

/** What an operation waits for; absent members: it does not wait. */
export interface Waiting {
  /** Earlier operations on the same resources, in order; the first 20. */
  readonly blockedOn?: readonly BlockingOperation[];
  /** One sentence. */
  readonly waitingFor?: string;
}

/** What is known of the operation already. */
export interface MaybeWaiting {
  readonly id: string;
  readonly state: string;
  /** When its workflow was started. */
  readonly dispatchedAt: Date | null;
}

/** Reads what an operation waits for. */
export async function readWaiting(tx: Tx, caller: Caller, operation: MaybeWaiting): Promise<Waiting> {
  if (operation.state === 'queued') {
    const { total, first } = await readBlockers(tx, operation.id);
    if (total > 0)
      return { blockedOn: first.map((blocker) => shown(caller, blocker)), waitingFor: behind(caller, total, first) };
    return { waitingFor: 'nothing any more: it is about to be granted' };
  }
  if (operation.state !== 'granted') return {};
  if (operation.dispatchedAt !== null) return { waitingFor: 'a worker that begins it' };
  return { waitingFor: beforeStart(caller, await readStartFacts(tx, operation.id)) };
}

function shown(caller: Caller, { operationId, summary, resource, owner }: Blocker): BlockingOperation {
  const { type, id, name } = resource;
  const what = { type, id, ...(name === null ? {} : { name }) };
  if (!mayAccess(caller, owner)) return { summary: 'an operation of another account', resource: what };
  return { operationId, summary, resource: what };
}

function behind(caller: Caller, total: number, [next]: readonly Blocker[]): string {
  const count = total === 1 ? '1 earlier operation' : `${total} earlier operations`;
  if (!next) return count;
  const on = `${next.resource.type.replaceAll('-', ' ')} ${next.resource.name ?? next.resource.id}`;
  const { summary } = shown(caller, next);
  const where = next.step === null ? next.state : `${next.state}, step “${next.step}”`;
  return `${count} on ${on}; next: ${summary} (${where})`;
}

function beforeStart(caller: Caller, { dispatched, recovering, ahead, host }: StartFacts): string {
  if (!dispatched) return 'a worker: none starts operations at present';
  if (recovering) return 'the end of recovery: until then nothing is started';
  // Where machines are is the operators' business.
  const name = caller.role === 'admin' && host ? `host ${host.name}` : 'its host';
  if (host && host.state !== 'Up') return `${name}, which is ${host.state} and is given little at a time`;
  if (host && host.running > 0) return `a slot of ${name}, where ${host.running} operations run`;
  if (ahead > 0) return `its turn: ${ahead} earlier operations of the same account are not started either`;
  return 'a free slot of the workers';
}
