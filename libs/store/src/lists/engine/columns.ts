/** Columns and joins that many list views share. */
import { raw, type Sql } from './sql.js';

/** Joins for {@link OWNER_COLUMNS}. */
export const OWNER_JOINS = [
  'LEFT JOIN account oa ON oa.id = b.account_id',
  'LEFT JOIN domain od ON od.id = b.domain_id',
  'LEFT JOIN project op ON op.account_id = b.account_id',
] as const;

/** Who owns an item. */
export const OWNER_COLUMNS = {
  account: 'IF(op.id IS NULL, oa.name, NULL)',
  projectId: 'op.id',
  project: 'op.name',
  domainId: 'b.domain_id',
  domain: 'od.name',
  domainPath: 'od.display_path',
} as const;

/** The operation that holds an item. */
export const JOB_COLUMNS = { jobId: 'b.operation_id', jobStatus: 'IF(b.operation_id IS NULL, NULL, 0)' } as const;

/** The scope of things with `account_id` and `domain_id`. */
export const OWNED = { account: 'b.account_id', domain: 'b.domain_id' } as const;

/** Matches nothing: for parameters that ask for what does not exist here. */
export const NOTHING: Sql = raw('FALSE');

/** `true` keeps only rows that fulfil a condition, `false` only the others. */
export const whether = (condition: string) => (wanted: boolean) => raw(wanted ? condition : `NOT (${condition})`);
