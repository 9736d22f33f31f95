import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { login } from '@durastack/contracts/identity/login';
import { accountTypeOf } from '@durastack/contracts/identity/roles';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type OpenCommandHandler } from '../catalogue/handles.js';
import type { AnyCall } from '../face/call.js';
import { writeCommandEvent } from '../face/command-event.js';
import { Platform } from '../platform.js';
import { callerOf, isEnabled, userByName, type LoginRow } from './callers.js';
import { forgetFailedLogins, noteFailedLogin } from './failed-logins.js';
import { LoginThrottle } from './login-throttle.js';
import { verifyPassword } from './passwords.js';
import { openSession, SESSION_COOKIE, SESSION_KEY_COOKIE } from './sessions.js';

/** `/`, `/acme/dev`, `ROOT/acme/dev` → `ROOT`, `ROOT/acme/dev`. */
function displayPathOf(path: string | undefined): string {
  const names = (path ?? '').split('/').filter((name) => name !== '');
  return (names[0]?.toUpperCase() === 'ROOT' ? ['ROOT', ...names.slice(1)] : ['ROOT', ...names]).join('/');
}

/** Opens a session. Whatever is wrong, the answer is the same and takes as long. */
@Handles(login)
export class LoginHandler implements OpenCommandHandler<typeof login> {
  constructor(
    private readonly platform: Platform,
    private readonly throttle: LoginThrottle,
  ) {}

  async execute(call: AnyCall, params: ParamsOf<typeof login>): Promise<ResultOf<typeof login>> {
    const user = await this.find(params);
    // The database takes many spellings for one name (case, accents, invisible characters); they are one user's.
    const name =
      user?.id ?? `${displayPathOf(params.domain)}|${params.domainId ?? ''}|${params.username.toLowerCase()}`;
    this.throttle.check(name, call.sourceAddress);
    const valid = await verifyPassword(user?.password_hash, params.password);
    if (!user || !valid || !isEnabled(user)) {
      this.throttle.failed(name, call.sourceAddress);
      if (user) {
        await noteFailedLogin(this.platform, user);
        await this.record(call, params, user, new DurastackError('NOT_AUTHENTICATED', 'wrong password or disabled'));
      }
      throw new DurastackError('NOT_AUTHENTICATED', 'Failed to authenticate user: wrong name, password or domain.');
    }
    this.throttle.succeeded(name);
    await forgetFailedLogins(this.platform, user);
    const session = await openSession(this.platform, user.id);
    call.setCookie(SESSION_COOKIE, session.cookie, session.lifetimeS);
    call.setCookie(SESSION_KEY_COOKIE, session.sessionKey, session.lifetimeS);
    await this.record(call, params, user);
    return {
      username: user.username,
      userId: user.id,
      domainId: user.domain_id,
      timeout: session.lifetimeS,
      account: user.account_name,
      firstName: user.first_name,
      lastName: user.last_name,
      type: String(accountTypeOf(user.role_type)),
      timezone: 'UTC',
      timezoneOffset: '0.0',
      registered: 'false',
      sessionKey: session.sessionKey,
    };
  }

  private async find(params: ParamsOf<typeof login>): Promise<LoginRow | undefined> {
    const tx = autocommit(this.platform.database);
    const rows =
      params.domainId === undefined
        ? await tx.query<{ id: string }>('SELECT id FROM domain WHERE display_path = ? AND NOT removed', [
            displayPathOf(params.domain),
          ])
        : [{ id: params.domainId }];
    return rows[0] && userByName(tx, params.username, rows[0].id);
  }

  /** Nobody is the caller of a login yet; its event belongs to the user who is named. */
  private async record(
    call: AnyCall,
    params: ParamsOf<typeof login>,
    user: LoginRow,
    error?: DurastackError,
  ): Promise<void> {
    const enabled = { ...user, user_state: 'enabled', account_state: 'enabled' };
    const caller = callerOf(enabled, call.sourceAddress);
    await writeCommandEvent(this.platform, {
      command: login,
      call: { ...call, caller },
      params: { name: params.username },
      ...(error ? { error } : {}),
    });
  }
}
