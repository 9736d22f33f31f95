import type { Caller } from '@durastack/store/identity/caller';
import type { PageRequest } from '@durastack/store/lists/engine/run-list';

/** The session that a call came with. */
export interface CallSession {
  readonly id: string;
}

/** A call whose caller may be unknown: what `login` gets. */
export interface AnyCall {
  readonly face: 'cloudstack' | 'rest';
  /** Address of the client. */
  readonly sourceAddress: string;
  readonly caller?: Caller;
  readonly session?: CallSession;
  /** The part of a list that is asked for. */
  readonly page?: PageRequest;
  /** Sends a cookie with the reply: HttpOnly and SameSite always. */
  setCookie(name: string, value: string, maxAgeSeconds: number): void;
}

/** A call by somebody who is known and whose role includes the command. */
export interface Call extends AnyCall {
  readonly caller: Caller;
}
