import type { DataSource } from 'typeorm';

/**
 * The connected database's tables as `CREATE TABLE` statements, in the order of their names.
 *
 * Written alike whether MariaDB or MySQL answers: without counters, character sets but that of ids, display widths and the
 * spellings in which the two differ, so that it can be committed and compared.
 */
export async function dumpSchema(source: DataSource): Promise<string> {
  const tables: { name: string }[] = await source.query(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name",
  );
  const statements: string[] = [];
  for (const { name } of tables) {
    const [row]: Record<string, string>[] = await source.query(`SHOW CREATE TABLE \`${name}\``);
    statements.push(`${normalise(row?.['Create Table'] ?? '')};\n`);
  }
  return statements.join('\n');
}

function normalise(statement: string): string {
  return statement
    .replace(/\b(tinyint|smallint|mediumint|int|bigint)\(\d+\)/g, '$1')
    .replace(/ (CHARACTER SET|COLLATE|CHARSET)[ =](?!ascii)\w+/g, '')
    .replace(/DEFAULT '(-?\d+(?:\.\d+)?)'/g, 'DEFAULT $1')
    .replace(/current_timestamp\((\d*)\)/gi, (_, digits: string) => `CURRENT_TIMESTAMP${digits ? `(${digits})` : ''}`)
    .replace(/\)[^)]*$/, ')');
}
