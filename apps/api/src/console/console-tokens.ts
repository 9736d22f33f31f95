/** One-time tokens of consoles. A token is a credential: it is shown once, kept as a hash, and never logged. */
import { createHash, randomBytes } from 'node:crypto';
import { newId } from '@durastack/kit/ids/new-id';
import type { Tx } from '@durastack/store/database/transaction';

/** How long a token may be used, by the database's clock. */
export const TOKEN_SECONDS = 30;

/** What base64url makes of 32 bytes. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** The console that a token opens. */
export interface ConsoleGrant {
  readonly vmId: string;
  readonly vmName: string;
  readonly hostId: string;
  readonly userId: string;
  readonly username: string;
}

/** What a page may tell about a token without using it. */
export type TokenStanding =
  { readonly state: 'usable'; readonly vmName: string } | { readonly state: 'used' | 'expired' };

const sha256 = (token: string) => createHash('sha256').update(token).digest('hex');

/** Makes a token for one machine and one use. */
export async function issueConsoleToken(tx: Tx, order: { vmId: string; userId: string }): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  // Kept for a day beyond their end, so that a page can say whether a link was used or is too old.
  await tx.execute('DELETE FROM console_token WHERE expires_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY LIMIT 100');
  await tx.execute(
    `INSERT INTO console_token (id, token_sha256, vm_id, user_id, expires_at)
     VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3) + INTERVAL ? SECOND)`,
    [newId(), sha256(token), order.vmId, order.userId, TOKEN_SECONDS],
  );
  return token;
}

/**
 * Uses a token up: of any number of attempts one succeeds.
 *
 * @returns undefined when it is unknown, used or expired, the machine does not run any more, or its user is disabled
 */
export async function consumeConsoleToken(tx: Tx, token: string): Promise<ConsoleGrant | undefined> {
  if (!TOKEN.test(token)) return undefined;
  const hash = sha256(token);
  const { affectedRows } = await tx.execute(
    `UPDATE console_token SET used_at = UTC_TIMESTAMP(3)
      WHERE token_sha256 = ? AND used_at IS NULL AND expires_at > UTC_TIMESTAMP(3)`,
    [hash],
  );
  if (affectedRows !== 1) return undefined;
  const [row] = await tx.query<{ vm_id: string; vm_name: string; host_id: string; user_id: string; username: string }>(
    `SELECT v.id AS vm_id, v.display_name AS vm_name, v.host_id, u.id AS user_id, u.username
       FROM console_token t JOIN virtual_machine v ON v.id = t.vm_id JOIN user u ON u.id = t.user_id
       JOIN account a ON a.id = u.account_id
      WHERE t.token_sha256 = ? AND v.state = 'Running' AND v.host_id IS NOT NULL
        AND u.state = 'enabled' AND a.state = 'enabled'`,
    [hash],
  );
  return (
    row && { vmId: row.vm_id, vmName: row.vm_name, hostId: row.host_id, userId: row.user_id, username: row.username }
  );
}

/** How a token stands; does not use it. */
export async function standingOfToken(tx: Tx, token: string): Promise<TokenStanding> {
  const [row] = TOKEN.test(token)
    ? await tx.query<{ vm_name: string; used: number; expired: number }>(
        `SELECT v.display_name AS vm_name, t.used_at IS NOT NULL AS used, t.expires_at <= UTC_TIMESTAMP(3) AS expired
           FROM console_token t JOIN virtual_machine v ON v.id = t.vm_id WHERE t.token_sha256 = ?`,
        [sha256(token)],
      )
    : [];
  if (row && Number(row.used) === 1) return { state: 'used' };
  if (!row || Number(row.expired) === 1) return { state: 'expired' };
  return { state: 'usable', vmName: row.vm_name };
}

/** Whether an open console may stay open: its user was not disabled, and the machine is still on that host. */
export async function mayStayOpen(tx: Tx, grant: ConsoleGrant): Promise<boolean> {
  const rows = await tx.query(
    `SELECT v.id FROM virtual_machine v JOIN user u ON u.id = ? JOIN account a ON a.id = u.account_id
      WHERE v.id = ? AND v.host_id = ? AND u.state = 'enabled' AND a.state = 'enabled'`,
    [grant.userId, grant.vmId, grant.hostId],
  );
  return rows.length === 1;
}
