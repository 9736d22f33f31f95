/**
 * Limits on what accounts and domains have. Nothing is counted beside the rows themselves, so there is no counter that
 * could drift: whoever adds something writes it, takes the rows of the limits that hold for it, and counts. Where
 * nothing is limited nothing is locked or counted.
 */
import { DurastackError } from '@durastack/contracts/errors';
import { defaultLimitsOf } from '@durastack/contracts/identity/default-limits';
import { numberOfKind, UNLIMITED_MAX, unitOf, type CountedKind } from '@durastack/contracts/identity/resource-kinds';
import type { Tx } from '../database/transaction.js';
import { readGlobalSettings } from '../operations/global-settings.js';
import { isOpenSql } from '../operations/open-operations.js';

/** Whose things are counted: an account's, or those of a domain and all below it. */
export type Counted =
  { readonly type: 'account'; readonly id: string } | { readonly type: 'domain'; readonly path: string };

const VMS = "virtual_machine x WHERE x.state <> 'Expunged'";
const VOLUMES = "volume x WHERE x.state <> 'Expunged'";
const TEMPLATES = "template x WHERE x.state <> 'Removed'";

/**
 * The sum of a column, each row as large as it will be when what was asked of it is done.
 *
 * @param growth the kind of operation by which rows grow, and where its input has the size that is to be
 */
const sumWhenGrown = (
  table: string,
  column: string,
  growth: { readonly kind: string; readonly field: string },
): string =>
  `SELECT SUM(GREATEST(x.${column}, COALESCE(p.size, 0))) AS n FROM ${table} x
     LEFT JOIN (SELECT o.resource_id AS id, MAX(JSON_EXTRACT(o.input_json, '$.${growth.field}') + 0) AS size FROM operation o
       WHERE o.kind = '${growth.kind}' AND ${isOpenSql('o')} GROUP BY o.resource_id) p ON p.id = x.id
     WHERE x.state <> 'Expunged'`;

const COUNTS: Readonly<Record<Exclude<CountedKind, 'project'>, string>> = {
  user_vm: `SELECT COUNT(*) AS n FROM ${VMS}`,
  cpu: sumWhenGrown('virtual_machine', 'cpu_count', { kind: 'scaleVirtualMachine', field: 'vcpus' }),
  memory: sumWhenGrown('virtual_machine', 'memory_mib', { kind: 'scaleVirtualMachine', field: 'memoryMib' }),
  volume: `SELECT COUNT(*) AS n FROM ${VOLUMES}`,
  primary_storage: sumWhenGrown('volume', 'size_bytes', { kind: 'resizeVolume', field: 'sizeBytes' }),
  public_ip: "SELECT COUNT(*) AS n FROM public_ip x WHERE x.state = 'Allocated'",
  template: `SELECT COUNT(*) AS n FROM ${TEMPLATES}`,
  secondary_storage: `SELECT SUM(x.size_bytes) AS n FROM ${TEMPLATES}`,
  network: "SELECT COUNT(*) AS n FROM network x WHERE x.state <> 'Removed'",
};

const BELOW = "IN (SELECT id FROM domain WHERE path LIKE CONCAT(?, '%'))";

/** How many there are: things, MiB of memory, bytes of storage. */
export async function countOf(tx: Tx, kind: CountedKind, whose: Counted): Promise<number> {
  const value = whose.type === 'account' ? whose.id : whose.path;
  const rows = await tx.query<{ n: number | null }>(countQuery(kind, whose.type), [value]);
  return Number(rows[0]?.n ?? 0);
}

function countQuery(kind: CountedKind, type: Counted['type']): string {
  if (kind !== 'project')
    return `${COUNTS[kind]} AND ${type === 'account' ? 'x.account_id = ?' : `x.domain_id ${BELOW}`}`;
  if (type === 'domain')
    return `SELECT COUNT(*) AS n FROM project x WHERE x.state <> 'Removed' AND x.domain_id ${BELOW}`;
  return `SELECT COUNT(DISTINCT x.id) AS n FROM project_member m JOIN project x ON x.id = m.project_id
    WHERE m.role = 'Admin' AND x.state <> 'Removed' AND m.account_id = ?`;
}

/** A limit that holds for what an account owns. */
interface Limit {
  readonly ownerType: 'account' | 'domain';
  readonly ownerId: string;
  readonly kind: CountedKind;
  readonly max: number;
  /** Where it was set; a default has no row. */
  readonly rowId: string | undefined;
  readonly name: string;
  readonly path: string;
}

/**
 * Holds an account, and the domains that it lies in, to their limits. Called at the end of a transaction that has
 * written something new: what is there now must fit. Limits are taken in one order, domains from ROOT down first, and
 * after all other rows, so two such transactions wait for each other but never in a circle. Root administrators have
 * no limits, as in CloudStack.
 *
 * @param more what the transaction asks for without having written it, in what is counted
 * @throws DurastackError QUOTA_EXCEEDED naming the limit
 */
export async function holdToLimits(
  tx: Tx,
  accountId: string,
  kinds: readonly CountedKind[],
  more: Partial<Record<CountedKind, number>> = {},
): Promise<void> {
  for (const limit of await limitsFor(tx, accountId, kinds)) {
    const { kind, ownerType, path } = limit;
    const held = await holdLimit(tx, limit);
    if (held < 0) continue;
    const whose: Counted = ownerType === 'account' ? { type: 'account', id: accountId } : { type: 'domain', path };
    const count = (await countOf(tx, kind, whose)) + (more[kind] ?? 0);
    const max = held * unitOf(kind);
    if (count > max) throw exceeded(limit, { count, max });
  }
}

/** Takes the row of a limit, or of whom it is where it is a default. Gives the greatest number. */
async function holdLimit(tx: Tx, { rowId, ownerType, ownerId, max }: Limit): Promise<number> {
  if (rowId === undefined) {
    await tx.query(`SELECT id FROM ${ownerType} WHERE id = ? FOR UPDATE`, [ownerId]);
    return max;
  }
  const [held] = await tx.query<{ max: number }>('SELECT max FROM resource_limit WHERE id = ? FOR UPDATE', [rowId]);
  return Number(held?.max ?? UNLIMITED_MAX);
}

function exceeded(
  { ownerType, name, kind }: Limit,
  { count, max }: { readonly count: number; readonly max: number },
): DurastackError {
  const unit = unitOf(kind) === 1 ? '' : ' bytes';
  return new DurastackError(
    'QUOTA_EXCEEDED',
    `Maximum amount of resources of Type = '${kind}' for ${ownerType} ${name} is exceeded: the limit is ${max}${unit}, with this there would be ${count}${unit}.`,
    { details: { kind, max, count } },
  );
}

interface LimitRow {
  readonly id: string;
  readonly ownerId: string;
  readonly kind: number;
  readonly max: number;
}

/** The limits that hold for what an account owns, in the order in which they are taken. */
async function limitsFor(tx: Tx, accountId: string, kinds: readonly CountedKind[]): Promise<Limit[]> {
  const [owner] = await tx.query<{ role: string; name: string; path: string; rootId: string }>(
    `SELECT a.role, COALESCE(p.name, a.name) AS name, d.path, (SELECT id FROM domain WHERE parent_id IS NULL) AS rootId
       FROM account a JOIN domain d ON d.id = a.domain_id LEFT JOIN project p ON p.account_id = a.id WHERE a.id = ?`,
    [accountId],
  );
  if (!owner || owner.role === 'admin') return [];
  const domainIds = [owner.rootId, ...owner.path.split('/').filter((id) => id !== '')];
  const rows = await tx.query<LimitRow>(
    'SELECT id, owner_id AS ownerId, kind, max FROM resource_limit WHERE owner_id IN (?) AND kind IN (?)',
    [[accountId, ...domainIds], kinds.map(numberOfKind)],
  );
  const settings = await readGlobalSettings(tx);
  const ofDomain = defaultLimitsOf('domain', settings);
  const ofAccount = defaultLimitsOf(owner.role === 'project' ? 'project' : 'account', settings);
  const limits = (ownerType: Limit['ownerType'], ownerId: string, defaults: Readonly<Record<number, number>>) =>
    [...kinds]
      .sort((a, b) => numberOfKind(a) - numberOfKind(b))
      .flatMap((kind) => {
        const number = numberOfKind(kind);
        const row = rows.find((one) => one.ownerId === ownerId && one.kind === number);
        const max = Number(row?.max ?? defaults[number] ?? UNLIMITED_MAX);
        return max < 0 ? [] : [{ ownerType, ownerId, kind, max, rowId: row?.id }];
      });
  const found = [
    // What is in ROOT is everything there is: only what is set on it counts.
    ...domainIds.flatMap((id, level) => limits('domain', id, level === 0 ? {} : ofDomain)),
    ...limits('account', accountId, ofAccount),
  ];
  return found.length === 0 ? [] : named(tx, found, owner.name);
}

/** With the names for people, and the paths that domains are counted by. */
async function named(tx: Tx, limits: readonly Omit<Limit, 'name' | 'path'>[], account: string): Promise<Limit[]> {
  const domains = await tx.query<{ id: string; name: string; path: string }>(
    'SELECT id, display_path AS name, path FROM domain WHERE id IN (?)',
    [limits.map(({ ownerId }) => ownerId)],
  );
  const byId = new Map(domains.map((domain) => [domain.id, domain]));
  return limits.map((limit) => ({ name: account, path: '', ...byId.get(limit.ownerId), ...limit }));
}
