import {
  GLOBAL_SETTINGS,
  globalSettingOf,
  type GlobalSettingName,
  type GlobalSettings,
} from '@durastack/contracts/infra/global-settings';
import { parseSetting, type SettingValue } from '@durastack/contracts/infra/setting-kinds';
import type { Tx } from '../database/transaction.js';

/** What every setting is until somebody changes it. */
const DEFAULTS = Object.fromEntries(
  Object.entries(GLOBAL_SETTINGS).map(([name, { byDefault }]) => [name, byDefault]),
) as unknown as GlobalSettings;

/** The settings of the whole cloud. */
export async function readGlobalSettings(tx: Tx): Promise<GlobalSettings> {
  const rows = await tx.query<{ name: string; value: string }>('SELECT name, value FROM global_setting');
  const known = rows.flatMap(({ name, value }) => {
    const setting = globalSettingOf(name);
    return setting === undefined ? [] : [[setting, parseSetting(setting, GLOBAL_SETTINGS[setting], value)] as const];
  });
  return { ...DEFAULTS, ...Object.fromEntries(known) };
}

/** Writes a setting; undefined: as if nobody had changed it. */
export async function writeGlobalSetting(
  tx: Tx,
  name: GlobalSettingName,
  value: SettingValue | undefined,
): Promise<void> {
  await tx.execute('DELETE FROM global_setting WHERE name = ?', [name]);
  if (value === undefined) return;
  await tx.execute('INSERT INTO global_setting (name, value) VALUES (?, ?)', [name, String(value)]);
}
