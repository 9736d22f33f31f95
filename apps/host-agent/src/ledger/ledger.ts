/**
 * The memory against zombies: the newest token that was seen for each resource of a host.
 *
 * It lies outside of the hypervisor and outlives what it guards: a removed machine's entry refuses a late attempt
 * to start it again. An entry that nobody has touched for {@link FORGET_AFTER_MS} is dropped; no attempt lives so long.
 */
import { compareTokens, type AgentToken } from '@durastack/contracts/agent/token';
import { DurastackError } from '@durastack/contracts/errors';
import { z } from 'zod';
import { AppendLog } from './append-log.js';

const FORGET_AFTER_MS = 90 * 86_400_000;

const numbers = z.tuple([z.number(), z.number(), z.number()]);
/** `x`: newest exclusive token, `n`: newest of any kind, `t`: when, in Unix seconds, `e`: an epoch's floor. */
const entrySchema = z.union([z.object({ x: numbers, n: numbers, t: z.number() }), z.object({ e: z.number() })]);
type Entry = z.infer<typeof entrySchema>;
type Numbers = z.infer<typeof numbers>;

/** How a token is judged; see the verbs' declaration. */
export type TokenKind = 'exclusive' | 'shared';

const NEVER: Numbers = [-1, -1, -1];
const EPOCH_KEY = 'control-epoch';

/** The file behind the ledgers of all hosts that a process serves. */
export type LedgerFile = AppendLog<Entry>;

/**
 * Opens a ledger file.
 *
 * @param create false on an enrolled host: a lost ledger must not pass for an empty one
 */
export function openLedgerFile(path: string, create: boolean): Promise<LedgerFile> {
  const oldest = () => (Date.now() - FORGET_AFTER_MS) / 1000;
  return AppendLog.open<Entry>(path, {
    create,
    parse: (value) => entrySchema.safeParse(value).data,
    expired: (entry) => 't' in entry && entry.t < oldest(),
  });
}

/** Highest generation by host and epoch, read once for all hosts of a file. */
const generationsOf = new WeakMap<LedgerFile, Map<string, number>>();

function readGenerations(file: LedgerFile): Map<string, number> {
  const known = generationsOf.get(file);
  if (known !== undefined) return known;
  const highest = new Map<string, number>();
  for (const [key, entry] of file.entries()) {
    if (!('n' in entry)) continue;
    const [epoch, generation] = entry.n;
    const at = `${key.slice(0, key.indexOf(' '))} ${epoch}`;
    highest.set(at, Math.max(highest.get(at) ?? 0, generation));
  }
  generationsOf.set(file, highest);
  return highest;
}

/** One host's ledger. */
export class Ledger {
  private readonly generations: Map<string, number>;

  constructor(
    private readonly file: LedgerFile,
    private readonly hostId: string,
  ) {
    this.generations = readGenerations(file);
  }

  /** The lowest control epoch that is still accepted. */
  get epochFloor(): number {
    const entry = this.file.get(this.key(EPOCH_KEY));
    return entry !== undefined && 'e' in entry ? entry.e : 0;
  }

  /** What is told to the control plane: the epoch that counts, and the highest generation that was seen under it. */
  get highest(): { controlEpoch: number; generation: number } {
    const controlEpoch = this.epochFloor;
    return { controlEpoch, generation: this.generations.get(`${this.hostId} ${controlEpoch}`) ?? 0 };
  }

  /**
   * Raises the lowest epoch that is accepted; a lower one changes nothing. In force at once, on the disk when
   * `durable` resolves.
   */
  adoptEpoch(controlEpoch: number): { durable: Promise<void>; epochRose: boolean } {
    const epochRose = controlEpoch > this.epochFloor;
    const durable = epochRose ? this.file.set(this.key(EPOCH_KEY), { e: controlEpoch }) : Promise.resolve();
    return { durable, epochRose };
  }

  /**
   * Judges a token without remembering it.
   *
   * @throws DurastackError STALE_TOKEN when something newer has acted on the resource
   */
  check(resource: string, token: AgentToken, kind: TokenKind): void {
    if (token.controlEpoch < this.epochFloor) {
      const message = `Control epoch ${token.controlEpoch} has been replaced by ${this.epochFloor} on this host.`;
      throw new DurastackError('STALE_TOKEN', message, { details: { resource } });
    }
    const newest = this.newest(resource, kind);
    if (newest !== undefined && compareTokens(token, newest) < 0) {
      const message = `${describeToken(token)} is older than ${describeToken(newest)}, which has acted on ${resource}.`;
      throw new DurastackError('STALE_TOKEN', message, { details: { resource } });
    }
  }

  /**
   * Checks a token and raises the resource's. In force at once; resolves when it is on the disk, and nothing may
   * act before that.
   *
   * @returns `epochRose`: every attempt of an older control epoch has become stale with this
   */
  raise(resource: string, token: AgentToken, kind: TokenKind): { durable: Promise<void>; epochRose: boolean } {
    this.check(resource, token, kind);
    const { durable, epochRose } = this.adoptEpoch(token.controlEpoch);
    const writes = [durable];
    const at = `${this.hostId} ${token.controlEpoch}`;
    this.generations.set(at, Math.max(this.generations.get(at) ?? 0, token.generation));
    const before = this.entry(resource);
    const given: Numbers = [token.controlEpoch, token.generation, token.step];
    const newest = latest(before.n, given);
    const exclusive = kind === 'exclusive' ? given : before.x;
    if (differ(newest, before.n) || differ(exclusive, before.x)) {
      writes.push(this.file.set(this.key(resource), { x: exclusive, n: newest, t: Math.floor(Date.now() / 1000) }));
    }
    return { durable: Promise.all(writes).then(() => undefined), epochRose };
  }

  /** The newest token against which one of this kind is judged; undefined when there was none. */
  newest(resource: string, kind: TokenKind): AgentToken | undefined {
    const entry = this.entry(resource);
    const [controlEpoch, generation, step] = kind === 'exclusive' ? entry.n : entry.x;
    return controlEpoch < 0 ? undefined : { controlEpoch, generation, step };
  }

  private entry(resource: string): { x: Numbers; n: Numbers } {
    const entry = this.file.get(this.key(resource));
    return entry !== undefined && 'x' in entry ? entry : { x: NEVER, n: NEVER };
  }

  private key(resource: string): string {
    return `${this.hostId} ${resource}`;
  }
}

/** A token in words, for messages. */
export function describeToken(token: AgentToken): string {
  return `token ${token.controlEpoch}.${token.generation}.${token.step}`;
}

function latest(a: Numbers, b: Numbers): Numbers {
  const order = a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
  return order >= 0 ? a : b;
}

function differ(a: Numbers, b: Numbers): boolean {
  return a[0] !== b[0] || a[1] !== b[1] || a[2] !== b[2];
}
