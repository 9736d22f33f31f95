import { DurastackError } from '@durastack/contracts/errors';
import type { DataSource } from 'typeorm';

/**
 * Runs `body` while this database's lock of that name is held; others wait for it. Locks of a server are common to
 * all its databases, so the name carries this one's.
 *
 * @throws DurastackError BACKEND_BUSY when it is not free within a minute
 */
export async function withNamedLock<T>(source: DataSource, name: string, body: () => Promise<T>): Promise<T> {
  const holder = source.createQueryRunner();
  const lock = "SHA1(CONCAT(DATABASE(), ':', ?))";
  try {
    const rows = (await holder.query(`SELECT GET_LOCK(${lock}, 60) AS held`, [name])) as { held: unknown }[];
    if (Number(rows[0]?.held) !== 1)
      throw new DurastackError('BACKEND_BUSY', `The database's lock ${name} was not free within 60 s; try again.`);
    try {
      return await body();
    } finally {
      await holder.query(`SELECT RELEASE_LOCK(${lock})`, [name]);
    }
  } finally {
    await holder.release();
  }
}
