/** Settings as they are for a domain, an account or a storage pool: the own value, else that of above where it is passed down, else the cloud's. */
import {
  GLOBAL_SETTINGS,
  globalSettingOf,
  type GlobalSettingName,
  type GlobalSettings,
} from '@durastack/contracts/infra/global-settings';
import {
  parseSetting,
  type SettingLevel,
  type SettingOf,
  type SettingValue,
} from '@durastack/contracts/infra/setting-kinds';
import type { Tx } from '../database/transaction.js';
import { readGlobalSettings } from './global-settings.js';

/** Who may have a value of its own of a setting; undefined: there is one for all. */
export const levelOf = (name: GlobalSettingName): SettingLevel | undefined =>
  (GLOBAL_SETTINGS[name] as SettingOf<SettingValue>).level;

interface Row {
  readonly name: string;
  readonly value: string;
}

type Values = Partial<GlobalSettings>;

function valuesOf(rows: readonly Row[], levels: readonly SettingLevel[]): Values {
  const known = rows.flatMap(({ name, value }) => {
    const setting = globalSettingOf(name);
    const level = setting === undefined ? undefined : levelOf(setting);
    if (setting === undefined || level === undefined || !levels.includes(level)) return [];
    return [[setting, parseSetting(setting, GLOBAL_SETTINGS[setting], value)] as const];
  });
  return Object.fromEntries(known) as unknown as Values;
}

/** What a domain hands to what is in it, with what is handed to itself. */
async function readOfDomain(tx: Tx, domainId: string, settings: GlobalSettings): Promise<Values> {
  // From the few settings to their domains; the nearest comes last, and counts.
  const rows = await tx.query<Row & { id: string }>(
    `SELECT d.id, s.name, s.value FROM resource_setting s JOIN domain d ON d.id = s.resource_id
       JOIN domain own ON own.id = ? AND own.path LIKE CONCAT(d.path, '%') ORDER BY d.level`,
    [domainId],
  );
  const inherited = settings['enable.domain.settings.for.child.domain'];
  const counting = rows.filter(({ id }) => inherited || id === domainId);
  return valuesOf(counting, settings['enable.account.settings.for.domain'] ? ['Domain', 'Account'] : ['Domain']);
}

/** The settings of a domain. */
export async function readDomainSettings(tx: Tx, domainId: string): Promise<GlobalSettings> {
  const settings = await readGlobalSettings(tx);
  return { ...settings, ...(await readOfDomain(tx, domainId, settings)) };
}

/** The settings of an account. */
export async function readAccountSettings(
  tx: Tx,
  { accountId, domainId }: { readonly accountId: string; readonly domainId: string },
): Promise<GlobalSettings> {
  const domain = await readDomainSettings(tx, domainId);
  const own = await tx.query<Row>('SELECT name, value FROM resource_setting WHERE resource_id = ?', [accountId]);
  return { ...domain, ...valuesOf(own, ['Account']) };
}

/** The settings of a storage pool. */
export async function readPoolSettings(tx: Tx, poolId: string): Promise<GlobalSettings> {
  const own = await tx.query<Row>('SELECT name, value FROM resource_setting WHERE resource_id = ?', [poolId]);
  return { ...(await readGlobalSettings(tx)), ...valuesOf(own, ['StoragePool']) };
}

/** Writes a setting of a domain, an account or a storage pool; undefined: as if nobody had. */
export async function writeResourceSetting(
  tx: Tx,
  { resourceId, name }: { readonly resourceId: string; readonly name: GlobalSettingName },
  value: SettingValue | undefined,
): Promise<void> {
  await tx.execute('DELETE FROM resource_setting WHERE resource_id = ? AND name = ?', [resourceId, name]);
  if (value === undefined) return;
  await tx.execute('INSERT INTO resource_setting (resource_id, name, value) VALUES (?, ?, ?)', [
    ...[resourceId, name, String(value)],
  ]);
}
