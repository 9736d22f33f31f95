/** The three descriptions of the schema say the same: entities, migrations, and the dump that people read. */
import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../migrate.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { dumpSchema } from './schema-dump.js';

describe('an empty database after all migrations', () => {
  let database: TestDatabase;
  let differ: DataSource;
  beforeAll(async () => {
    database = await createTestDatabase();
    // The product speaks what both servers take; comparing schemas has to know how this one writes its defaults.
    const [server]: { version: string }[] = await database.source.query('SELECT VERSION() AS version');
    const type = server?.version.includes('MariaDB') ? 'mariadb' : 'mysql';
    differ = new DataSource({ ...database.source.options, type } as DataSourceOptions);
    await differ.initialize();
  });
  afterAll(async () => {
    await differ.destroy();
    await database.drop();
  });

  const differences = async () => {
    const { upQueries, downQueries } = await differ.driver.createSchemaBuilder().log();
    return [...upQueries, ...downQueries].map(({ query }) => query);
  };

  it('is what the entities describe: generating a migration yields nothing', async () => {
    expect(await differences()).toEqual([]);
  });

  it('is what schema.sql says (update it with `npx vitest run -u libs/store/src/database/schema.spec.ts`)', async () => {
    await expect(await dumpSchema(database.source)).toMatchFileSnapshot('../../schema.sql');
  });

  it('has no table without a primary key, and none but InnoDB', async () => {
    const faulty = await database.source.query(
      `SELECT t.table_name AS name, t.engine AS engine FROM information_schema.tables t
       LEFT JOIN information_schema.table_constraints c
         ON c.table_schema = t.table_schema AND c.table_name = t.table_name AND c.constraint_type = 'PRIMARY KEY'
       WHERE t.table_schema = DATABASE() AND (c.constraint_name IS NULL OR t.engine <> 'InnoDB')`,
    );
    expect(faulty).toEqual([]);
  });

  it('comes about also when a run was interrupted: what it had made stays, and the rest is made', async () => {
    await database.source.query('INSERT INTO `setting` (`name`, `value`) VALUES (?, ?)', ['kept', 'yes']);
    await database.source.query('DROP TABLE `volume`, `zone`');
    await database.source.query('DELETE FROM `schema_migration`');
    expect(await migrate(database.url)).toHaveLength(1);
    expect(await migrate(database.url)).toEqual([]);
    expect(await differences()).toEqual([]);
    expect(await database.source.query("SELECT `value` FROM `setting` WHERE `name` = 'kept'")).toHaveLength(1);
  });

  it('refuses a change that no migration makes', async () => {
    await database.source.query('ALTER TABLE `setting` ADD COLUMN `canary` int NULL');
    const queries = await differences();
    await database.source.query('ALTER TABLE `setting` DROP COLUMN `canary`');
    expect(queries).toContain('ALTER TABLE `setting` DROP COLUMN `canary`');
  });
});
