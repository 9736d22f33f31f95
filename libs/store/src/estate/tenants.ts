/** Domains, accounts and users of an estate, and who owns what of it. */
import { invariant } from '@durastack/contracts/errors';
import { defaultRoleOf } from '@durastack/contracts/identity/roles';
import type { DataSource } from 'typeorm';
import { insertRows } from '../database/rows.js';
import { autocommit } from '../database/transaction.js';
import { inBatches, newIds, type RowCount } from './batches.js';
import type { EstateSize } from './estate-size.js';
import type { EstateGround } from './ground.js';

/** Below ROOT lie so many domains as there are times this number; the others lie below those. */
const DOMAINS_PER_REGION = 500;
/** One thing of so many belongs to a large account. */
const LARGE_SHARE = 5;
/** Nobody can log in with it: no password has this hash. */
const NO_PASSWORD = '!';

/** An account with its user. */
export interface Tenant {
  readonly accountId: string;
  readonly domainId: string;
  readonly userId: string;
}

/** Everybody of an estate. */
export interface Tenants {
  /** Administrators of the domains below ROOT, one each. */
  readonly domainAdmins: readonly Tenant[];
  /** They have a fifth of everything; they are in the domains below ROOT. */
  readonly large: readonly Tenant[];
  /** They share the rest. */
  readonly others: readonly Tenant[];
}

/** The owner of the n-th thing of a kind. */
export function ownerAt({ large, others }: Tenants, index: number): Tenant {
  const turn = Math.floor(index / LARGE_SHARE);
  const all = index % LARGE_SHARE === 0 ? large : others;
  const owner = all[(index % LARGE_SHARE === 0 ? turn : index - turn - 1) % all.length];
  invariant(owner, 'The estate has no accounts.');
  return owner;
}

interface Domain {
  readonly id: string;
  readonly path: string;
  readonly displayPath: string;
  readonly level: number;
}

/** Writes the domains. */
export async function makeDomains(
  source: DataSource,
  { prefix }: EstateGround,
  { domains: count }: EstateSize,
): Promise<{ domains: readonly Domain[]; rows: RowCount }> {
  const [root] = await autocommit(source).query<{ id: string }>('SELECT id FROM domain WHERE parent_id IS NULL');
  invariant(root, 'The database was not seeded.');
  const regions = Math.max(1, Math.round(count / DOMAINS_PER_REGION));
  const domains: Domain[] = [];
  const parents: Domain[] = [];
  const nameOf = (index: number) => `${prefix}-${index < regions ? 'region' : 'domain'}-${index + 1}`;
  const ROOT = { id: root.id, path: '/', displayPath: 'ROOT', level: 0 };
  for (const [index, id] of newIds(count).entries()) {
    const parent = index < regions ? ROOT : domains[index % regions]!;
    const name = nameOf(index);
    parents.push(parent);
    domains.push({
      ...{ id, path: `${parent.path}${id}/`, displayPath: `${parent.displayPath}/${name}`, level: parent.level + 1 },
    });
  }
  const created_at = new Date();
  const rows = await inBatches(source, count, async (tx, indices) => {
    const some = indices.map((index) => {
      const { id, path, displayPath, level } = domains[index]!;
      const name = nameOf(index);
      return { id, parent_id: parents[index]!.id, name, path, display_path: displayPath, level, created_at };
    });
    await insertRows(tx, 'domain', some);
    return some.length;
  });
  return { domains: count === 0 ? [ROOT] : domains, rows };
}

/** Writes the accounts, each with a user of its name: in every domain below ROOT an administrator first. */
export async function makeAccounts(
  source: DataSource,
  { prefix }: EstateGround,
  { domains, count }: { readonly domains: readonly Domain[]; readonly count: number },
): Promise<{ tenants: Tenants; rows: RowCount }> {
  const regions = domains.filter(({ level }) => level === 1).length;
  // Each keeps one for others: a single account can own things, an administrator alone should not.
  const admins = Math.min(regions, Math.max(0, count - 1));
  const userIds = newIds(count);
  const nameOf = (index: number) => `${prefix}-${index < admins ? 'admin' : 'user'}-${index + 1}`;
  const all = newIds(count).map((accountId, index): Tenant => ({
    ...{ accountId, userId: userIds[index]!, domainId: domains[index % domains.length]!.id },
  }));
  const created_at = new Date();
  const common = { state: 'enabled', created_at };
  const rows = await inBatches(source, count, async (tx, indices) => {
    const accounts = indices.map((index) => {
      const { accountId: id, domainId: domain_id } = all[index]!;
      const [role, type] = index < admins ? (['domain-admin', 'DomainAdmin'] as const) : (['user', 'User'] as const);
      return { id, domain_id, name: nameOf(index), role, role_id: defaultRoleOf(type).id, ...common };
    });
    const users = indices.map((index) => {
      const { accountId: account_id, userId: id } = all[index]!;
      const username = nameOf(index);
      const person = { first_name: 'Bulk', last_name: String(index + 1), email: `${username}@localhost` };
      return { id, account_id, username, ...person, password_hash: NO_PASSWORD, ...common };
    });
    await insertRows(tx, 'account', accounts);
    await insertRows(tx, 'user', users);
    return accounts.length + users.length;
  });
  const users = all.slice(admins);
  const inRegions = new Set(domains.slice(0, regions).map(({ id }) => id));
  const large = users.filter(({ domainId }) => inRegions.has(domainId)).slice(0, Math.max(1, regions));
  const some = large.length > 0 ? large : users.slice(0, 1);
  const others = users.filter((user) => !some.includes(user));
  return {
    tenants: { domainAdmins: all.slice(0, admins), large: some, others: others.length > 0 ? others : some },
    rows,
  };
}
