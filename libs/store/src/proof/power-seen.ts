/** What management controllers said of hosts that are being fenced. */
import type { ControllerPower } from '@durastack/contracts/infra/power-controller';
import type { Tx } from '../database/transaction.js';

/** What is known after a look. Moments in milliseconds since 1970, by the database's clock. */
export interface PowerSeen {
  readonly power: ControllerPower;
  readonly firstOffAtMs: number | null;
  readonly againOffAtMs: number | null;
  readonly isHeldOff: boolean;
}

/** From now on nobody switches the host on, until the operation that fences it has ended. */
export async function holdOff(tx: Tx, hostId: string): Promise<void> {
  await tx.execute('UPDATE host_fence SET is_held_off = 1 WHERE host_id = ?', [hostId]);
}

/** The host may be switched on, and what was seen of its power counts no more. */
export async function letGoOfPower(tx: Tx, hostId: string): Promise<void> {
  await tx.execute(
    'UPDATE host_fence SET is_held_off = 0, first_off_at = NULL, again_off_at = NULL WHERE host_id = ?',
    [hostId],
  );
}

/**
 * Notes a look. The first time that it is off begins a row of looks; the next ones go on with it. Being on, or unknown,
 * ends it, and so does a sign of life that came since.
 */
export async function notePowerSeen(
  tx: Tx,
  {
    hostId,
    power,
    lastSignMs,
  }: { readonly hostId: string; readonly power: ControllerPower; readonly lastSignMs: number | null },
): Promise<PowerSeen> {
  if (power === 'Off')
    await tx.execute(
      `UPDATE host_fence SET
         again_off_at = IF(first_off_at IS NULL OR ROUND(UNIX_TIMESTAMP(first_off_at) * 1000) < ?, NULL, NOW(3)),
         first_off_at = IF(first_off_at IS NULL OR ROUND(UNIX_TIMESTAMP(first_off_at) * 1000) < ?, NOW(3), first_off_at)
       WHERE host_id = ?`,
      [lastSignMs ?? 0, lastSignMs ?? 0, hostId],
    );
  else await tx.execute('UPDATE host_fence SET first_off_at = NULL, again_off_at = NULL WHERE host_id = ?', [hostId]);
  const [row] = await tx.query<{ first: number | null; again: number | null; held: number }>(
    `SELECT ROUND(UNIX_TIMESTAMP(first_off_at) * 1000) AS first, ROUND(UNIX_TIMESTAMP(again_off_at) * 1000) AS again, is_held_off AS held
       FROM host_fence WHERE host_id = ?`,
    [hostId],
  );
  const ms = (moment: number | null = null): number | null => (moment === null ? null : Number(moment));
  return { power, firstOffAtMs: ms(row?.first), againOffAtMs: ms(row?.again), isHeldOff: Number(row?.held) === 1 };
}
