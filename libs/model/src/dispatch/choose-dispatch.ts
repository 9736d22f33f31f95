/** Which granted operations are started next. Pure: the dispatcher reads the rows and starts what this names. */

/** An operation that has its locks and waits to be started. */
export interface Startable {
  readonly id: string;
  readonly accountId: string;
  /** The host that it is known to use; operations that choose theirs later have none. */
  readonly hostId: string | null;
  /** Undo and re-runs of what was lost go before new work, on slots reserved for them. */
  readonly urgent: boolean;
}

/** How much may run at once. */
export interface DispatchLimits {
  readonly total: number;
  /** Of the total, kept free for what is urgent. */
  readonly reservedForUrgent: number;
  readonly perHost: number;
}

/** What runs already. */
export interface DispatchLoad {
  readonly running: number;
  readonly runningPerHost: ReadonlyMap<string, number>;
}

/**
 * Urgent ones first; then one operation of each account in turn, each account's in the given order. An operation
 * whose host is full is passed over, without holding up the others.
 *
 * @param waiting in order of acceptance
 */
export function chooseDispatch(waiting: readonly Startable[], load: DispatchLoad, limits: DispatchLimits): string[] {
  const chosen: string[] = [];
  const perHost = new Map(load.runningPerHost);
  const take = (operation: Startable, slots: number): boolean => {
    if (load.running + chosen.length >= slots) return false;
    if (operation.hostId !== null) {
      const there = perHost.get(operation.hostId) ?? 0;
      if (there >= limits.perHost) return false;
      perHost.set(operation.hostId, there + 1);
    }
    chosen.push(operation.id);
    return true;
  };
  for (const operation of waiting) if (operation.urgent) take(operation, limits.total);

  const byAccount = new Map<string, Startable[]>();
  for (const operation of waiting) {
    if (operation.urgent) continue;
    const queue = byAccount.get(operation.accountId);
    if (queue) queue.push(operation);
    else byAccount.set(operation.accountId, [operation]);
  }
  const slots = limits.total - limits.reservedForUrgent;
  const positions = new Map([...byAccount.keys()].map((account) => [account, 0]));
  while (positions.size > 0 && load.running + chosen.length < slots) {
    for (const [account, start] of positions) {
      const queue = byAccount.get(account) ?? [];
      let position = start;
      while (position < queue.length && !take(queue[position] as Startable, slots)) position += 1;
      if (position + 1 >= queue.length) positions.delete(account);
      else positions.set(account, position + 1);
    }
  }
  return chosen;
}
