import { autocommit } from '@durastack/store/database/transaction';
import type { Platform } from '../platform.js';

const KEEP_MS = 5_000;
const TIMEOUT_MS = 2_000;

/**
 * Tells the dispatcher that something may be granted. Only a hint: the sweep finds what it misses, so nothing waits
 * for it and nothing fails with it. Injected by this class.
 */
export class DispatcherHint {
  private known: { url: string | null; until: number } | undefined;

  constructor(private readonly platform: Platform) {}

  /** Sends it, without waiting. Call it after the commit. */
  send(): void {
    this.post().catch((error: unknown) => {
      this.known = undefined;
      this.platform.log.debug({ error }, 'the dispatcher did not take a hint; the sweep will find the operation');
    });
  }

  private async post(): Promise<void> {
    const url = await this.url();
    if (url === null) return;
    const reply = await fetch(url, { method: 'POST', signal: AbortSignal.timeout(TIMEOUT_MS) });
    await reply.body?.cancel();
  }

  private async url(): Promise<string | null> {
    if (this.known && this.known.until > Date.now()) return this.known.url;
    const rows = await autocommit(this.platform.database).query<{ hint_url: string | null }>(
      "SELECT hint_url FROM lease WHERE name = 'dispatcher' AND expires_at > NOW(3)",
    );
    const url = rows[0]?.hint_url ?? null;
    this.known = { url, until: Date.now() + KEEP_MS };
    return url;
  }
}
