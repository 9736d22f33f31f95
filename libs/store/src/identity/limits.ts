/**
 * Limits on what accounts and domains have. Nothing is counted beside the rows themselves, so there is no counter that
 * could drift: whoever adds something writes it, takes the rows of the limits that hold for it, and counts. Where
 * nothing is limited nothing is locked or counted.
 */
import { DurastackError } from '@durastack/contracts/errors';
import { numberOfKind, unitOf, type CountedKind } from '@durastack/contracts/identity/resource-kinds';
import type { Tx } from '../database/transaction.js';

/** Whose things are counted: an account's, or those of a domain and all below it. */
export type Counted =
  { readonly type: 'account'; readonly id: string } | { readonly type: 'domain'; readonly path: string };

const VMS = "virtual_machine x WHERE x.state <> 'Expunged'";
const VOLUMES = "volume x WHERE x.state <> 'Expunged'";
const TEMPLATES = "template x WHERE x.state <> 'Removed'";

const COUNTS: Readonly<Record<Exclude<CountedKind, 'project'>, string>> = {
  user_vm: `SELECT COUNT(*) AS n FROM ${VMS}`,
  cpu: `SELECT SUM(x.cpu_count) AS n FROM ${VMS}`,
  memory: `SELECT SUM(x.memory_mib) AS n FROM ${VMS}`,
  volume: `SELECT COUNT(*) AS n FROM ${VOLUMES}`,
  primary_storage: `SELECT SUM(x.size_bytes) AS n FROM ${VOLUMES}`,
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

interface LimitRow {
  readonly id: string;
  readonly ownerType: 'account' | 'domain';
  readonly kind: number;
  readonly name: string;
  readonly path: string;
  readonly level: number;
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
    const kind = kinds.find((one) => numberOfKind(one) === limit.kind);
    const [held] = await tx.query<{ max: number }>('SELECT max FROM resource_limit WHERE id = ? FOR UPDATE', [
      limit.id,
    ]);
    if (!kind || !held || Number(held.max) < 0) continue;
    const whose: Counted =
      limit.ownerType === 'account' ? { type: 'account', id: accountId } : { type: 'domain', path: limit.path };
    const count = (await countOf(tx, kind, whose)) + (more[kind] ?? 0);
    const max = Number(held.max) * unitOf(kind);
    if (count > max) throw exceeded(limit, kind, { count, max });
  }
}

function exceeded(
  { ownerType, name }: LimitRow,
  kind: CountedKind,
  { count, max }: { readonly count: number; readonly max: number },
): DurastackError {
  const unit = unitOf(kind) === 1 ? '' : ' bytes';
  return new DurastackError(
    'QUOTA_EXCEEDED',
    `Maximum amount of resources of Type = '${kind}' for ${ownerType} ${name} is exceeded: the limit is ${max}${unit}, with this there would be ${count}${unit}.`,
    { details: { kind, max, count } },
  );
}

/** The limits that hold for what an account owns, in the order in which they are taken. */
async function limitsFor(tx: Tx, accountId: string, kinds: readonly CountedKind[]): Promise<LimitRow[]> {
  const [owner] = await tx.query<{ role: string; path: string; rootId: string }>(
    `SELECT a.role, d.path, (SELECT id FROM domain WHERE parent_id IS NULL) AS rootId
       FROM account a JOIN domain d ON d.id = a.domain_id WHERE a.id = ?`,
    [accountId],
  );
  if (!owner || owner.role === 'admin') return [];
  const owners = [accountId, owner.rootId, ...owner.path.split('/').filter((id) => id !== '')];
  const rows = await tx.query<LimitRow>(
    `SELECT l.id, l.owner_type AS ownerType, l.kind, COALESCE(d.display_path, p.name, a.name) AS name, d.path, d.level
       FROM resource_limit l LEFT JOIN domain d ON d.id = l.owner_id LEFT JOIN account a ON a.id = l.owner_id
       LEFT JOIN project p ON p.account_id = l.owner_id
      WHERE l.owner_id IN (?) AND l.kind IN (?) AND l.max >= 0`,
    [owners, kinds.map(numberOfKind)],
  );
  const depth = ({ ownerType, level }: LimitRow) => (ownerType === 'account' ? Number.MAX_SAFE_INTEGER : level);
  return [...rows].sort((a, b) => depth(a) - depth(b) || a.kind - b.kind);
}
