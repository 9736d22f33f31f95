/**
 * `node libs/store/dist/tools/write-initial-migration.js <databaseUrl>`: until the first tagged release the one
 * migration is written from the entities; afterwards each change is a migration of its own.
 *
 * Wants an empty database; writes `src/migrations/0001-initial-schema.ts`.
 */
import { writeFileSync } from 'node:fs';
import { connectDatabase } from '../database/data-source.js';

const url = process.argv[2];
if (!url) {
  process.stderr.write('Usage: write-initial-migration.js mysql://user@host/empty_database\n');
  process.exit(2);
}
const source = await connectDatabase({ url });
const { upQueries } = await source.driver.createSchemaBuilder().log();
await source.destroy();
const statements = upQueries
  // What an interrupted run has made is there already when it is run again.
  .map(({ query }) => `  ${JSON.stringify(query.replace(/^CREATE TABLE /, 'CREATE TABLE IF NOT EXISTS '))},`)
  .join('\n');
const file = new URL('../../src/migrations/0001-initial-schema.ts', import.meta.url);
writeFileSync(
  file,
  `import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One statement each, that can be repeated: MySQL commits every DDL statement by itself. */
const STATEMENTS = [
${statements}
];

/** Every table of the first release. */
export class InitialSchema0001700000000000 implements MigrationInterface {
  readonly name = 'InitialSchema0001700000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    // A first schema has nothing to go back to.
  }
}
`,
);
