import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureAdminKeys, seed } from './seed.js';
import { createTestDatabase, type TestDatabase } from './testing/test-database.js';

describe('seed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'durastack-seed-'));
  const keyFile = join(folder, 'key');
  let db: TestDatabase;
  beforeAll(async () => {
    writeFileSync(keyFile, randomBytes(32).toString('base64'));
    db = await createTestDatabase();
  });
  afterAll(async () => {
    await db.drop();
    rmSync(folder, { recursive: true });
  });

  it('fills once, however often and however many at a time', async () => {
    await Promise.all([seed(db.source), seed(db.source), seed(db.source)]);
    await seed(db.source);
    const count = async (table: string) =>
      Number(((await db.source.query(`SELECT COUNT(*) AS n FROM ${table}`)) as { n: number }[])[0]?.n);
    expect([await count('domain'), await count('account'), await count('user')]).toEqual([1, 1, 1]);
    expect([await count('service_offering'), await count('disk_offering'), await count('setting')]).toEqual([3, 4, 1]);
  });

  it('gives the administrator the same keys each time, and keeps the secret one sealed', async () => {
    const [first, second] = await Promise.all([ensureAdminKeys(db.url, keyFile), ensureAdminKeys(db.url, keyFile)]);
    expect(second).toEqual(first);
    const rows = (await db.source.query('SELECT * FROM user')) as Record<string, unknown>[];
    expect(JSON.stringify(rows)).not.toContain(first.secretKey);
  });
});
