/**
 * The detector of dead hosts: looks at hosts that have fallen silent, asks others about them, and asks for the fencing
 * of those that somebody has seen dead; and for taking back those that report again. Nothing else follows from silence.
 */
import { heartbeatTimeoutMs, INTAKE_LEASE } from '@durastack/contracts/agent/heartbeat-times';
import { startVirtualMachine } from '@durastack/contracts/compute/start-virtual-machine';
import { failOverHost } from '@durastack/contracts/infra/fail-over-host';
import type { HostHaState } from '@durastack/contracts/infra/host-ha-states';
import { reinstateHost } from '@durastack/contracts/infra/reinstate-host';
import { detect, type Witnesses } from '@durastack/model/ha/detect';
import { silenceCounts, watch, type Watching } from '@durastack/model/infra/silence';
import { acceptVmOperation, readNetworksOf } from '@durastack/store/compute/accept-vm-operation';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readAbandoned, recordAbandoned } from '@durastack/store/ha/abandoned-machines';
import { noteFall, readCrashedMachines, readWatchedHosts, type WatchedHost } from '@durastack/store/ha/ha-scene';
import { noteHaState } from '@durastack/store/ha/host-ha';
import { systemCaller } from '@durastack/store/identity/system-caller';
import { accept } from '@durastack/store/operations/accept';
import { fencingKey } from '@durastack/store/proof/begin-fence';
import { leaseHeldMs } from '@durastack/store/operations/lease';
import { activeRecovery } from '@durastack/store/recovery/recovery-state';
import type { DataSource } from 'typeorm';
import { raiseFlapping } from '../ha/flapping.js';
import { PoolWitnesses } from '../ha/pool-witnesses.js';
import { askWitnesses, type WitnessParts } from '../ha/witnesses.js';
import { inParallel } from '../in-parallel.js';
import { silenceWindowMs } from './host-watch.js';
import { startLeasedLoop, type LeasedLoop } from './leased-loop.js';
import { createNewsOfStarts, type NewsParts } from './news-of-starts.js';

const LEASE = { name: 'ha', ttlMs: 5_000 };
const LOOK_EVERY_MS = 1_000;
/** Hosts that are looked at at the same time. */
const LOOK_AT_ONCE = 16;
/** Others are asked this long before silence counts, so that their answers are there when it does. */
const ASK_AHEAD_MS = 3_000;
/** What others said so long ago is asked anew. */
const ANSWERS_AGE_MS = 5_000;
/** Hosts about which others are asked at the same time. */
const ASK_AT_ONCE = 64;
/** What is being done about these is up to an operation. */
const IN_HANDS: ReadonlySet<string> = new Set<HostHaState>(['Fencing', 'Fenced', 'Recovering']);

/** What the loop is made with. */
export interface HaLoopOptions extends WitnessParts, NewsParts {
  /** This worker's name, unique among workers. */
  readonly holder: string;
  /** Milliseconds between heartbeats. */
  readonly intervalMs: number;
}

/** What is remembered of a silent host, by the monotonic clock. */
interface Suspect {
  /** The heartbeat that was the last one; another one ends the suspicion. */
  readonly heardAt: string;
  /** Since when it was silent while it could have been heard. */
  sinceMs: number;
  /** It was written down that it has fallen silent. */
  noted: boolean;
  asking: boolean;
  answers: { readonly atMs: number; readonly witnesses: Witnesses } | undefined;
}

/** What a round goes by, by the monotonic clock. */
interface Round {
  readonly nowMs: number;
  /** A host that was silent for a whole window may be called dead. */
  readonly counts: boolean;
  /** Since when heartbeats could be heard, and their lack be noticed, without a gap. */
  readonly soundSinceMs: number;
}

/** Starts the loop. */
export function startHaLoop(options: HaLoopOptions): LeasedLoop {
  const detector = new Detector(options);
  const tellNews = createNewsOfStarts(options);
  return startLeasedLoop({
    ...options,
    name: 'the detector of dead hosts',
    lease: LEASE,
    everyMs: LOOK_EVERY_MS,
    async round() {
      await tellNews();
      await detector.round();
    },
  });
}

class Detector {
  private readonly suspects = new Map<string, Suspect>();
  private readonly windowMs: number;
  private readonly pools: PoolWitnesses;
  private watching: Watching | undefined;
  private asking = 0;

  constructor(private readonly options: HaLoopOptions) {
    this.windowMs = silenceWindowMs(options.intervalMs);
    this.pools = new PoolWitnesses(options, options.intervalMs);
  }

  async round(): Promise<void> {
    const { source, intervalMs, log } = this.options;
    const db = autocommit(source);
    const heldMs = await leaseHeldMs(db, INTAKE_LEASE);
    const nowMs = performance.now();
    this.watching = watch(this.watching, nowMs, this.windowMs);
    if (await activeRecovery(db)) return;
    const times = { windowMs: this.windowMs, hangMs: heartbeatTimeoutMs(intervalMs) };
    const round: Round = {
      nowMs,
      counts: silenceCounts(this.watching, heldMs, times),
      soundSinceMs: Math.max(this.watching.sinceMs, nowMs - (heldMs ?? 0)),
    };
    const hosts = await readWatchedHosts(db, this.windowMs / 2);
    const known = new Set(hosts.map(({ id }) => id));
    for (const id of this.suspects.keys()) if (!known.has(id)) this.suspects.delete(id);
    await inParallel(hosts, LOOK_AT_ONCE, async (host) => {
      await this.look(host, round);
      // A round that is long since many hosts died is none in which nobody looked.
      this.watching = watch(this.watching, performance.now(), this.windowMs);
    });
    for (const machine of await readAbandoned(db))
      if (await transaction(source, (tx) => recordAbandoned(tx, machine)))
        log.warn(machine, 'a machine of a fenced host was given up, and is stopped');
    await startCrashed(source);
  }

  private async look(host: WatchedHost, round: Round): Promise<void> {
    const isHeard = host.silentMs < this.windowMs / 2;
    // What was to fence it ended before it began: it is in nobody's hands.
    const isLeft = host.haState === 'Fencing' && host.operationId === null && host.state !== 'Down';
    if (IN_HANDS.has(host.haState) && !isLeft) {
      this.suspects.delete(host.id);
      if (isHeard && host.state === 'Down' && host.haState === 'Fenced') await this.takeBack(host);
      else if (isHeard && host.state === 'Up' && host.operationId === null)
        await this.note(host, 'Available', 'it reports again');
      return;
    }
    if (isHeard) {
      this.suspects.delete(host.id);
      if (host.haState !== 'Available') await this.note(host, 'Available', 'it reports again');
      return;
    }
    if (!host.isEligible) return void this.suspects.delete(host.id);
    const suspect = this.suspected(host, round);
    if (round.counts) await this.suspect(host, suspect, round.nowMs);
  }

  /** What is remembered of it. While nobody could have heard it its silence says nothing. */
  private suspected(host: WatchedHost, { nowMs, soundSinceMs }: Round): Suspect {
    const known = this.suspects.get(host.id);
    const isSame = known?.heardAt === host.heardAt;
    const fresh = { heardAt: host.heardAt, noted: false, asking: false, answers: undefined };
    const suspect = isSame ? known : { ...fresh, sinceMs: nowMs - this.windowMs / 2 };
    suspect.sinceMs = Math.max(suspect.sinceMs, soundSinceMs);
    this.suspects.set(host.id, suspect);
    return suspect;
  }

  private async suspect(host: WatchedHost, known: Suspect, nowMs: number): Promise<void> {
    if (!known.noted) {
      known.noted = true;
      // Takes its time; whoever asks later waits for the rest of it, and is told if it failed.
      this.pools.ask(host, this.windowMs).catch(() => undefined);
      if (host.haState === 'Available')
        await transaction(this.options.source, async (tx) => {
          await noteFall(tx, host.id);
          await raiseFlapping(tx, host.id);
          await noteHaState(tx, host.id, 'Suspect', 'it has fallen silent');
        });
      return;
    }
    // By both clocks: a leap of the database's makes nobody silent.
    const silentMs = Math.min(host.silentMs, nowMs - known.sinceMs);
    const isFresh = known.answers !== undefined && nowMs - known.answers.atMs < ANSWERS_AGE_MS;
    // One that flaps has to be silent for longer, unless it is off.
    if (!isFresh && silentMs >= this.windowMs - ASK_AHEAD_MS) this.ask(host, known);
    const witnesses = isFresh ? known.answers?.witnesses : undefined;
    const { state, reason } = detect({ silentMs, falls: host.falls, witnesses }, this.windowMs);
    // The last word stands until there is a newer one.
    if (state === 'Checking' && witnesses === undefined && host.haState !== 'Suspect') return;
    if (state === 'Fencing') {
      // Another loop calls it Disconnected, in a moment; before that it is not fenced.
      if (host.state !== 'Up') await this.fence(host, reason);
    } else await this.note(host, state, reason);
  }

  private ask(host: WatchedHost, suspect: Suspect): void {
    if (suspect.asking || this.asking >= ASK_AT_ONCE) return;
    suspect.asking = true;
    this.asking += 1;
    const { log } = this.options;
    void askWitnesses({ ...this.options, pools: this.pools }, host, this.windowMs)
      .then((witnesses) => {
        suspect.answers = { atMs: performance.now(), witnesses };
      })
      .catch((error: unknown) => log.warn({ error, host: host.name }, 'nobody could be asked about a silent host'))
      .finally(() => {
        suspect.asking = false;
        this.asking -= 1;
      });
  }

  private async note(host: WatchedHost, state: HostHaState, reason: string): Promise<void> {
    if (host.haState === state && host.haReason === reason) return;
    await transaction(this.options.source, (tx) => noteHaState(tx, host.id, state, reason));
  }

  private async fence(host: WatchedHost, reason: string): Promise<void> {
    await this.note(host, 'Fencing', reason);
    if (await this.askFor(host, failOverHost)) return;
    this.options.log.warn({ hostId: host.id, name: host.name, reason }, 'a host is being fenced');
  }

  private async takeBack(host: WatchedHost): Promise<void> {
    await this.askFor(host, reinstateHost);
    this.options.log.info({ hostId: host.id, name: host.name }, 'a fenced host reports again');
  }

  /** @returns whether that was asked for before, and goes on */
  private async askFor(host: WatchedHost, command: typeof failOverHost | typeof reinstateHost): Promise<boolean> {
    const { source } = this.options;
    const { joined } = await accept(source, {
      command,
      caller: await systemCaller(autocommit(source)),
      resource: { type: 'host', id: host.id },
      resourceName: host.name,
      zoneId: host.zoneId,
      locks: [],
      input: {},
      naturalKey: fencingKey(host),
    });
    return joined;
  }
}

/** A machine that crashed on a host that lives is started again: there, if nothing speaks for another host. */
async function startCrashed(source: DataSource): Promise<void> {
  const db = autocommit(source);
  for (const { id, ...owner } of await readCrashedMachines(db)) {
    const locks = await readNetworksOf(db, id);
    const caller = await systemCaller(db);
    await acceptVmOperation(source, { caller, owner }, { command: startVirtualMachine, vmId: id, locks });
  }
}
