import type { Tx } from '../database/transaction.js';
import { readGlobalSettings } from '../operations/global-settings.js';

/** The setting that says how many times its capacity a pool offers. */
export const OVERPROVISIONING = 'storage.overprovisioning.factor';

/** Writes the setting into the pools, where reservations read it: the own value, else that of all. */
export async function applyOverprovisioning(tx: Tx): Promise<void> {
  const general = (await readGlobalSettings(tx))[OVERPROVISIONING];
  await tx.execute(
    `UPDATE storage_pool p LEFT JOIN resource_setting s ON s.resource_id = p.id AND s.name = ?
        SET p.overprovisioning = COALESCE(s.value + 0, ?)`,
    [OVERPROVISIONING, general],
  );
}
