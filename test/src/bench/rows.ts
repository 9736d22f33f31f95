/** Thousands of rows as operations would have left them, written in bulk. */
import { defaultRoleOf } from '@durastack/contracts/identity/roles';
import { invariant } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRows } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import type { DataSource } from 'typeorm';

type Row = Readonly<Record<string, unknown>>;

const ROWS_AT_ONCE = 1_000;

/** As {@link insertRows}, in statements of a size that a server takes. */
export async function insertMany(source: DataSource, table: string, rows: readonly Row[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE)
    await insertRows(autocommit(source), table, rows.slice(at, at + ROWS_AT_ONCE));
}

/** Who owns what is made. */
export interface Owner {
  readonly accountId: string;
  readonly domainId: string;
  readonly userId: string;
}

/** A tenant in the root domain. */
export async function makeOwner(source: DataSource, index: number): Promise<Owner> {
  const [root] = await autocommit(source).query<{ id: string }>('SELECT id FROM domain WHERE parent_id IS NULL');
  invariant(root, 'The seed has no domain.');
  const owner = { accountId: newId(), domainId: root.id, userId: newId() };
  const name = `tenant-${index}`;
  const common = { state: 'enabled', created_at: new Date() };
  await insertMany(source, 'account', [
    { id: owner.accountId, domain_id: root.id, name, role: 'user', role_id: defaultRoleOf('User').id, ...common },
  ]);
  await insertMany(source, 'user', [
    {
      ...{ id: owner.userId, account_id: owner.accountId, username: name, first_name: 'A', last_name: 'B' },
      ...{ email: 'a@localhost', password_hash: '!', ...common },
    },
  ]);
  return owner;
}
