import type { Command } from '@durastack/contracts/command';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { RoleType } from '@durastack/contracts/identity/roles';
import { readPrepared } from '@durastack/store/database/prepared';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import type { Caller } from '@durastack/store/identity/caller';
import type { DataSource } from 'typeorm';
import type { KnownCaller, ProjectRole } from '../face/call.js';
import { recordRefusal } from '../face/command-event.js';
import type { Platform } from '../platform.js';
import { requireAllowedSource } from './allowed-sources.js';

/** A user's row with what each request needs. */
export interface UserRow {
  readonly id: string;
  readonly username: string;
  readonly secret_key_sealed: string | null;
  readonly user_state: string;
  readonly account_id: string;
  readonly account_name: string;
  readonly account_state: string;
  readonly role: Caller['role'];
  readonly role_id: string;
  readonly role_name: string;
  readonly role_type: RoleType;
  readonly role_state: string;
  readonly role_version: number;
  readonly domain_id: string;
  readonly domain_path: string;
  /**
   * JSON of its projects, some databases give it as a text. Each is the account that owns its things, followed by id and
   * version of the caller's role in it where it has one.
   */
  readonly project_accounts: string | readonly string[] | null;
  /** 1 where calls are not taken from everywhere, for whichever account. */
  readonly sources_limited: number;
  /** The database's clock. */
  readonly now: Date;
}

/** With what a login needs. */
export interface LoginRow extends UserRow {
  readonly first_name: string;
  readonly last_name: string;
  readonly password_hash: string;
  /** Logins that failed since the last that did not. */
  readonly failed_logins: number;
}

const COLUMNS = `u.id, u.username, u.secret_key_sealed, u.state AS user_state,
    a.id AS account_id, a.name AS account_name,
    IF(a.removal_operation_id IS NULL, a.state, 'removing') AS account_state, a.role,
    r.id AS role_id, r.name AS role_name, r.type AS role_type, r.state AS role_state, r.version AS role_version, d.id AS domain_id, d.path AS domain_path,
    (SELECT JSON_ARRAYAGG(CONCAT_WS(' ', p.account_id, pr.id, pr.version))
       FROM project_member m JOIN project p ON p.id = m.project_id
       LEFT JOIN project_role pr ON pr.id = m.project_role_id AND m.role = 'Regular'
      WHERE m.account_id = a.id AND (m.user_id IS NULL OR m.user_id = u.id) AND p.state <> 'Removed') AS project_accounts,
    (EXISTS (SELECT 1 FROM global_setting WHERE name = 'api.allowed.source.cidr.list')
      OR EXISTS (SELECT 1 FROM resource_setting WHERE name = 'api.allowed.source.cidr.list')) AS sources_limited,
    UTC_TIMESTAMP(3) AS now`;
const TABLES = `user u JOIN account a ON a.id = u.account_id JOIN domain d ON d.id = a.domain_id JOIN role r ON r.id = a.role_id`;
const BY_API_KEY = `SELECT ${COLUMNS} FROM ${TABLES} WHERE u.api_key = ?`;

/** The user of an API key. */
export async function userByApiKey(database: DataSource, apiKey: string): Promise<UserRow | undefined> {
  return (await readPrepared<UserRow>(database, BY_API_KEY, [apiKey]))[0];
}

/** What a session is checked by. */
interface SessionRow {
  readonly cookie_sha256: string;
  readonly session_key_sha256: string;
  /** Seconds until it ends, and from one sign of life to the next. */
  readonly left_s: number;
  readonly lifetime_s: number;
}

const BY_SESSION = `SELECT ${COLUMNS}, s.cookie_sha256, s.session_key_sha256, s.lifetime_s,
    TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), s.expires_at) AS left_s
  FROM ${TABLES} JOIN session s ON s.user_id = u.id
  WHERE s.id = ? AND s.expires_at > UTC_TIMESTAMP(3)`;

/** The user of a session that has not ended, with the session: one statement for each request. */
export async function userBySession(
  database: DataSource,
  sessionId: string,
): Promise<(UserRow & SessionRow) | undefined> {
  return (await readPrepared<UserRow & SessionRow>(database, BY_SESSION, [sessionId]))[0];
}

/** A user by name within a domain. */
export async function userByName(tx: Tx, username: string, domainId: string): Promise<LoginRow | undefined> {
  const rows = await tx.query<LoginRow>(
    `SELECT ${COLUMNS}, u.first_name, u.last_name, u.password_hash, u.failed_logins FROM ${TABLES}
      WHERE u.username = ? AND a.domain_id = ? AND u.state <> 'removed'`,
    [username, domainId],
  );
  return rows[0];
}

/** Whether user and account are in force. */
export function isEnabled(user: UserRow): boolean {
  return user.user_state === 'enabled' && user.account_state === 'enabled';
}

/**
 * The caller that a user is.
 *
 * @throws DurastackError NOT_AUTHENTICATED when user or account are not enabled
 */
export function callerOf(user: UserRow, sourceAddress: string): KnownCaller {
  if (!isEnabled(user)) throw new DurastackError('NOT_AUTHENTICATED', 'unable to verify user credentials');
  return {
    userId: user.id,
    username: user.username,
    accountId: user.account_id,
    accountName: user.account_name,
    domainId: user.domain_id,
    domainPath: user.domain_path,
    role: user.role,
    accountRole: {
      id: user.role_id,
      name: user.role_name,
      type: user.role_type,
      isEnabled: user.role_state === 'enabled',
      version: user.role_version,
    },
    ...projectsOf(user),
    sourceAddress,
  };
}

/** From where somebody calls, and what for. */
export interface Approach {
  readonly sourceAddress: string;
  /** Missing where it is none, or one that is not known. */
  readonly command?: Command | undefined;
}

/**
 * The caller that a user is, where its calls are taken from this address; a command that is refused for it leaves its
 * event.
 *
 * @throws DurastackError NOT_AUTHENTICATED when user or account are not enabled; FORBIDDEN for the address
 */
export async function callerFrom(platform: Platform, user: UserRow, approach: Approach): Promise<KnownCaller> {
  const { sourceAddress, command } = approach;
  const caller = callerOf(user, sourceAddress);
  if (Number(user.sources_limited) !== 1) return caller;
  try {
    await requireAllowedSource(autocommit(platform.database), caller);
    return caller;
  } catch (error) {
    if (command && isDurastackError(error, 'FORBIDDEN'))
      await recordRefusal(platform, { command, call: { caller }, params: {}, error });
    throw error;
  }
}

function projectsOf({ project_accounts: given }: UserRow): Pick<KnownCaller, 'projectAccountIds' | 'projectRoles'> {
  if (given === null) return { projectAccountIds: [], projectRoles: [] };
  const projects = (typeof given === 'string' ? (JSON.parse(given) as string[]) : given).map((text) => text.split(' '));
  // Who is a member twice, by its account and by itself, has the rights of both.
  const whole = new Set(projects.filter(([, roleId]) => roleId === undefined).map(([accountId = '']) => accountId));
  const projectRoles = projects.flatMap(([accountId = '', id, version]): ProjectRole[] =>
    id === undefined || whole.has(accountId) ? [] : [{ accountId, id, version: Number(version) }],
  );
  return { projectAccountIds: [...new Set(projects.map(([accountId = '']) => accountId))], projectRoles };
}
