/** The whole database as it was at one moment: to see what a call has changed, and to put it back. */
import type { TestDatabase } from '@durastack/store/testing/test-database';

/** Written beside a refused call: its audit event, the session, the key it is repeated under, the process's sign of life. */
export const MAY_CHANGE: ReadonlySet<string> = new Set(['event', 'session', 'idempotency_key', 'lease']);

type Checksums = ReadonlyMap<string, string>;

/** See the module. Its copies lie in a database of their own beside the first. */
export class Snapshot {
  private constructor(
    private readonly database: TestDatabase,
    private readonly copies: string,
    private readonly before: Checksums,
  ) {}

  /** Copies every table that may not change. */
  static async take(database: TestDatabase): Promise<Snapshot> {
    const { source } = database;
    const copies = `${String(source.driver.database)}_copy`;
    await source.query(`CREATE DATABASE \`${copies}\``);
    const names = ((await source.query('SHOW TABLES')) as Record<string, string>[])
      .map((row) => Object.values(row)[0] ?? '')
      .filter((name) => !MAY_CHANGE.has(name));
    for (const name of names) {
      await source.query(`CREATE TABLE \`${copies}\`.\`${name}\` LIKE \`${name}\``);
      await source.query(`INSERT INTO \`${copies}\`.\`${name}\` SELECT * FROM \`${name}\``);
    }
    return new Snapshot(database, copies, await checksums(database, names));
  }

  /** Names of the tables whose content is another now. */
  async changed(): Promise<string[]> {
    const now = await checksums(this.database, [...this.before.keys()]);
    return [...this.before.keys()].filter((name) => this.before.get(name) !== now.get(name));
  }

  /** Puts back what was there. */
  async restore(): Promise<void> {
    const changed = await this.changed();
    if (changed.length === 0) return;
    await this.database.source.transaction(async (tx) => {
      for (const name of changed) {
        await tx.query(`DELETE FROM \`${name}\``);
        await tx.query(`INSERT INTO \`${name}\` SELECT * FROM \`${this.copies}\`.\`${name}\``);
      }
    });
  }

  /** Removes the copies. */
  async drop(): Promise<void> {
    await this.database.source.query(`DROP DATABASE \`${this.copies}\``);
  }
}

async function checksums({ source }: TestDatabase, names: readonly string[]): Promise<Checksums> {
  const rows = (await source.query(`CHECKSUM TABLE ${names.map((name) => `\`${name}\``).join(', ')}`)) as {
    Table: string;
    Checksum: unknown;
  }[];
  return new Map(rows.map(({ Table, Checksum }) => [Table.slice(Table.indexOf('.') + 1), String(Checksum)]));
}
