/**
 * Attempts of activities as the matrix sees them: every transaction and every call to a host is a point at which an
 * attempt can be held, as a paused process or a slow network would hold it, or its transaction refused.
 *
 * The activities themselves know nothing of it: what they are made from is wrapped.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { AgentGateway } from '@durastack/activities/agent-gateway';
import type { DataSource } from 'typeorm';

/** Where an attempt is about to act, or has just committed. */
export type Point = 'transaction' | 'committed' | `agent ${string}`;

/** What a transaction of an attempt meets: nothing, a database that refuses it, or a reply that is lost after it. */
export type CommitFault = 'refused' | 'reply lost' | undefined;

/** Is told of every point of one attempt, and may hold it there. */
export interface AttemptWatch {
  at?(point: Point): void | Promise<void>;
  commit?(): CommitFault;
}

const watches = new AsyncLocalStorage<AttemptWatch>();

/** Runs an attempt under a watch. */
export function watched<T>(watch: AttemptWatch, attempt: () => Promise<T>): Promise<T> {
  return watches.run(watch, attempt);
}

/** As mysql2 tells a broken connection. */
const brokenConnection = (code: string) => Object.assign(new TypeError('the connection broke'), { code, fatal: true });

type Body = (manager: unknown) => Promise<unknown>;

/** The database, with the points of the attempt that uses it. */
export function watchedSource(source: DataSource): DataSource {
  const transaction = async (isolation: 'READ COMMITTED', body: Body): Promise<unknown> => {
    const watch = watches.getStore();
    await watch?.at?.('transaction');
    const fault = watch?.commit?.();
    const result = await source.transaction(isolation, async (manager) => {
      const value = await body(manager);
      if (fault === 'refused') throw brokenConnection('ECONNRESET');
      return value;
    });
    if (fault === 'reply lost') throw brokenConnection('PROTOCOL_CONNECTION_LOST');
    await watch?.at?.('committed');
    return result;
  };
  return new Proxy(source, {
    get: (target, key) => (key === 'transaction' ? transaction : Reflect.get(target, key, target)),
  });
}

type AnyCall = (...args: unknown[]) => Promise<unknown>;

/** Puts a point before each of these methods; `nameOf` says what is called. */
function withPoints<T extends object>(target: T, methods: Readonly<Record<string, (args: unknown[]) => string>>): T {
  return new Proxy(target, {
    get(real, key) {
      const nameOf = typeof key === 'string' ? methods[key] : undefined;
      const value: unknown = Reflect.get(real, key, real);
      if (nameOf === undefined) return value;
      return async (...args: unknown[]) => {
        await watches.getStore()?.at?.(`agent ${nameOf(args)}`);
        return (value as AnyCall).apply(real, args);
      };
    },
  });
}

/** The gateway to hosts, with the points of the attempt that uses it. */
export function watchedGateway(gateway: AgentGateway): AgentGateway {
  const client = withPoints(gateway.client, {
    requestCsr: () => 'requestCsr',
    installCertificate: () => 'installCertificate',
  });
  const verb = (args: unknown[]) => String(args[1]);
  return withPoints({ ...gateway, client }, { call: verb, task: verb });
}

/**
 * Where holding an attempt makes a difference: `committed` is the same place as a call or a transaction that follows
 * at once.
 *
 * @returns indices into `points`
 */
export function holdingPoints(points: readonly Point[]): number[] {
  return [...points.keys()].filter((index) => points[index] !== 'committed' || index === points.length - 1);
}

/** An attempt that is held at one of its points until it is released. */
export class HeldAttempt {
  private letGo: () => void = () => {};
  private readonly gate = new Promise<void>((resolve) => (this.letGo = resolve));
  private readonly end: Promise<string>;
  /** Resolves when it stands at its point; false when it ended without having come there. */
  readonly standing: Promise<boolean>;

  /**
   * @param attempt begins at once
   * @param index of the point at which it is held
   */
  constructor(attempt: () => Promise<unknown>, index: number) {
    let passed = 0;
    let arrive: (stands: boolean) => void = () => {};
    this.standing = new Promise((resolve) => (arrive = resolve));
    const at = async (): Promise<void> => {
      passed += 1;
      if (passed !== index + 1) return;
      arrive(true);
      await this.gate;
    };
    this.end = watched({ at }, attempt).then(
      () => 'done',
      (error: unknown) => (error as { type?: string }).type ?? String(error),
    );
    void this.end.then(() => arrive(false));
  }

  /** Lets it go on and waits for its end; how it ended: `done` or an error's code. */
  release(): Promise<string> {
    this.letGo();
    return this.end;
  }
}
