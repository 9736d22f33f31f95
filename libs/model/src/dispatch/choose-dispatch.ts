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
  /** Not counting what runs on silent hosts. */
  readonly total: number;
  /** Of the total, those that are at work, and not waiting for a host or a guest: more at once only makes each slower. */
  readonly active: number;
  /** Of the total, kept free for what is urgent. */
  readonly reservedForUrgent: number;
  readonly perHost: number;
  /**
   * On a host that does not answer at present, or of which that is not known: enough to notice when it does. Were a host
   * given its full share at once, all of it would stand there when it hangs.
   */
  readonly perSilentHost: number;
}

/** What runs already. */
export interface DispatchLoad {
  readonly running: number;
  /** Of these, those at work. */
  readonly active: number;
  readonly runningPerHost: ReadonlyMap<string, number>;
  /** Hosts that do not answer: what runs there only waits, and takes no slot from others. */
  readonly silentHosts: ReadonlySet<string>;
  /** Hosts that have answered something lately. */
  readonly answeringHosts: ReadonlySet<string>;
  /** When each account was last served, as a number that rises; absent: not for long. */
  readonly lastServed: ReadonlyMap<string, number>;
}

/** How many operations may run on a host. */
export function hostLimit(hostId: string, { answeringHosts }: DispatchLoad, limits: DispatchLimits): number {
  return answeringHosts.has(hostId) ? limits.perHost : Math.min(limits.perSilentHost, limits.perHost);
}

/** Hosts that take no more. */
export function fullHosts(load: DispatchLoad, limits: DispatchLimits): string[] {
  return [...load.runningPerHost].flatMap(([id, running]) => (running >= hostLimit(id, load, limits) ? [id] : []));
}

/** Slots that are free for operations that are not urgent, and for those that are. */
export function freeSlots(
  load: DispatchLoad,
  limits: DispatchLimits,
): { readonly usual: number; readonly urgent: number } {
  let waiting = 0;
  for (const id of load.silentHosts) waiting += load.runningPerHost.get(id) ?? 0;
  const urgent = Math.max(0, limits.total - (load.running - waiting));
  const usual = Math.min(urgent - limits.reservedForUrgent, limits.active - load.active);
  return { usual: Math.max(0, usual), urgent };
}

/**
 * The load without what only waits for a host's answer: before a host that hangs is known to be silent, what runs there
 * must not take the slots of all others. At most half of the slots are lent so.
 */
export function withoutStalled<L extends { readonly running: number }>(
  load: L,
  stalledElsewhere: number,
  { total }: DispatchLimits,
): L {
  const lent = Math.min(stalledElsewhere, Math.floor(total / 2));
  return { ...load, running: Math.max(0, load.running - lent) };
}

/**
 * Urgent ones first; then one operation of each account in turn, the account that was served longest ago first, each
 * account's in the given order. Few slots are free at a time, so without that memory old queues would always win.
 * An operation whose host is full is passed over, without holding up the others; one whose host is silent takes no slot.
 *
 * @param waiting in order of acceptance
 */
export function chooseDispatch(waiting: readonly Startable[], load: DispatchLoad, limits: DispatchLimits): string[] {
  const chosen: string[] = [];
  const perHost = new Map(load.runningPerHost);
  const free = freeSlots(load, limits);
  let taken = 0;
  const take = ({ id, hostId }: Startable, slots: number): boolean => {
    const silent = hostId !== null && load.silentHosts.has(hostId);
    if (!silent && taken >= slots) return false;
    if (hostId !== null) {
      const there = perHost.get(hostId) ?? 0;
      if (there >= hostLimit(hostId, load, limits)) return false;
      perHost.set(hostId, there + 1);
    }
    if (!silent) taken += 1;
    chosen.push(id);
    return true;
  };
  for (const operation of waiting) if (operation.urgent) take(operation, free.urgent);

  const byAccount = new Map<string, Startable[]>();
  for (const operation of waiting) {
    if (operation.urgent) continue;
    const queue = byAccount.get(operation.accountId);
    if (queue) queue.push(operation);
    else byAccount.set(operation.accountId, [operation]);
  }
  const slots = Math.min(free.urgent - limits.reservedForUrgent, taken + free.usual);
  const served = (account: string) => load.lastServed.get(account) ?? -1;
  const inTurn = [...byAccount.keys()].sort((a, b) => served(a) - served(b));
  const positions = new Map(inTurn.map((account) => [account, 0]));
  while (positions.size > 0) {
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
