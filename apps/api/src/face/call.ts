import type { RoleType } from '@durastack/contracts/identity/roles';
import type { Caller } from '@durastack/store/identity/caller';
import type { PageRequest } from '@durastack/store/lists/engine/run-list';

/** The session that a call came with. */
export interface CallSession {
  readonly id: string;
}

/** The role of a caller's account, as authentication found it. */
export interface CallerRole {
  readonly id: string;
  readonly name: string;
  readonly type: RoleType;
  /** Nobody whose role is disabled may do anything. */
  readonly isEnabled: boolean;
  /** Raised by every change of its rules. */
  readonly version: number;
}

/** A project that a caller uses in a role of that project. */
export interface ProjectRole {
  /** The account that owns the project's things. */
  readonly accountId: string;
  readonly id: string;
  /** Raised by every change of its rules. */
  readonly version: number;
}

/** A caller with the role that says what it may do. */
export interface KnownCaller extends Caller {
  readonly accountRole: CallerRole;
  /** Roles in projects; of the others that it is a member of it uses everything. */
  readonly projectRoles: readonly ProjectRole[];
}

/** A call whose caller may be unknown: what `login` gets. */
export interface AnyCall {
  readonly face: 'cloudstack' | 'rest';
  /** Address of the client. */
  readonly sourceAddress: string;
  readonly caller?: KnownCaller;
  readonly session?: CallSession;
  /** The part of a list that is asked for. */
  readonly page?: PageRequest;
  /** Sends a cookie with the reply: HttpOnly and SameSite always. */
  setCookie(name: string, value: string, maxAgeSeconds: number): void;
}

/** A call by somebody who is known and whose role includes the command. */
export interface Call extends AnyCall {
  readonly caller: KnownCaller;
}
