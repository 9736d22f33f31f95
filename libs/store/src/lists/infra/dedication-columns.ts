/** Columns and filters that the lists of dedications share. */
import type { Caller } from '../../identity/caller.js';
import { NOTHING } from '../engine/columns.js';
import { sql } from '../engine/sql.js';

/** See the module's head. */
export const DEDICATION_COLUMNS = { id: 'b.id', domainId: 'b.domain_id', accountId: 'b.account_id' } as const;

/** See the module's head. */
export const DEDICATION_FILTERS = {
  domainId: 'b.domain_id',
  account: (name: string, _viewer: Caller) =>
    sql`EXISTS (SELECT 1 FROM account a WHERE a.id = b.account_id AND a.name = ${name})`,
  affinityGroupId: () => NOTHING,
} as const;
