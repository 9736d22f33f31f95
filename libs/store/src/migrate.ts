import { connectDatabase } from './database/data-source.js';

/**
 * Brings a database's schema up to this version. Safe to repeat and to run beside itself: a named lock of the
 * database admits one at a time.
 *
 * @param url see `DatabaseOptions.url`
 * @returns names of the migrations that were applied
 */
export async function migrate(url: string): Promise<string[]> {
  const source = await connectDatabase({ url, poolSize: 2 });
  const holder = source.createQueryRunner();
  try {
    await holder.query("SELECT GET_LOCK('durastack-migrate', 120)");
    const applied = await source.runMigrations();
    return applied.map((migration) => migration.name);
  } finally {
    await holder.query("SELECT RELEASE_LOCK('durastack-migrate')");
    await holder.release();
    await source.destroy();
  }
}
