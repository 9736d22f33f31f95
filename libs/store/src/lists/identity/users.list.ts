import { listUsers } from '@durastack/contracts/identity/list-users';
import { ACCOUNT_ROLES, roleFields } from '@durastack/contracts/identity/roles';
import { NOTHING } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { sql } from '../engine/sql.js';

/** Users. */
export const users = defineList({
  command: listUsers,
  resource: 'user',
  table: 'user',
  joins: ['LEFT JOIN account oa ON oa.id = b.account_id', 'LEFT JOIN domain od ON od.id = oa.domain_id'],
  where: "b.state <> 'removed'",
  scope: { account: 'b.account_id', domain: '(SELECT domain_id FROM account WHERE id = b.account_id)' },
  columns: {
    id: 'b.id',
    username: 'b.username',
    firstName: 'b.first_name',
    lastName: 'b.last_name',
    email: 'b.email',
    state: 'b.state',
    account: 'oa.name',
    accountId: 'b.account_id',
    domainId: 'oa.domain_id',
    domain: 'od.name',
    apiKey: 'b.api_key',
    created: 'b.created_at',
  },
  extra: { role: 'oa.role', path: 'od.path' },
  map: ({ role, path }, viewer) => ({
    ...roleFields(role),
    timezone: 'UTC',
    userSource: 'native',
    isCallerChildDomain: String(path) !== viewer.domainPath && String(path).startsWith(viewer.domainPath),
    isDefault: false,
  }),
  filters: {
    username: 'b.username',
    accountType: (type) => {
      const role = ACCOUNT_ROLES.find((known) => known.accountType === type);
      return role ? sql`b.account_id IN (SELECT id FROM account WHERE role = ${role.role})` : NOTHING;
    },
    state: 'b.state',
    userSource: 'accepted',
  },
  keyword: ['b.username', 'b.first_name', 'b.last_name', 'b.email'],
});
