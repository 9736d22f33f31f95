import type { ResultOf } from '@durastack/contracts/command';
import { logout } from '@durastack/contracts/identity/logout';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { closeSession, SESSION_COOKIE, SESSION_KEY_COOKIE } from './sessions.js';

/** Ends the session of the call; a signed call has none. */
@Handles(logout)
export class LogoutHandler implements CommandHandler<typeof logout> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call): Promise<ResultOf<typeof logout>> {
    if (call.session) await closeSession(this.platform, call.session);
    call.setCookie(SESSION_COOKIE, '', 0);
    call.setCookie(SESSION_KEY_COOKIE, '', 0);
    return { description: 'success' };
  }
}
