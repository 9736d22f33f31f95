import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '../database/transaction.js';

/** Reads one of the control plane's own facts. */
export async function readSetting(tx: Tx, name: string): Promise<string | undefined> {
  const rows = await tx.query<{ value: string }>('SELECT value FROM setting WHERE name = ?', [name]);
  return rows[0]?.value;
}

/** The control epoch; raised when the database was restored from a backup. */
export async function controlEpoch(tx: Tx): Promise<number> {
  const value = await readSetting(tx, 'control-epoch');
  if (value === undefined)
    throw new DurastackError(
      'MISCONFIGURED',
      'The database has no control epoch; seed it first (dura up, or node libs/store/dist/seed-main.js).',
    );
  return Number(value);
}
