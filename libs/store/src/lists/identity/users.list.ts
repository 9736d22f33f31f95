import { listUsers } from '@durastack/contracts/identity/list-users';
import { defineList } from '../engine/define-list.js';
import { accountTypeField, ofAccountType, ROLE_COLUMNS } from './account-role.js';

/** Users. */
export const users = defineList({
  command: listUsers,
  resource: 'user',
  table: 'user',
  joins: [
    'LEFT JOIN account oa ON oa.id = b.account_id',
    'LEFT JOIN domain od ON od.id = oa.domain_id',
    'LEFT JOIN role ro ON ro.id = oa.role_id',
  ],
  where: "b.state <> 'removed'",
  scope: {
    account: 'b.account_id',
    domain: '(SELECT domain_id FROM account WHERE id = b.account_id)',
    holds: 'accounts',
  },
  columns: {
    id: 'b.id',
    username: 'b.username',
    firstName: 'b.first_name',
    lastName: 'b.last_name',
    email: 'b.email',
    state: 'b.state',
    isDefault: 'b.is_default',
    ...ROLE_COLUMNS,
    account: 'oa.name',
    accountId: 'b.account_id',
    domainId: 'oa.domain_id',
    domain: 'od.name',
    apiKey: 'b.api_key',
    created: 'b.created_at',
  },
  extra: { path: 'od.path' },
  map: (row, viewer) => ({
    ...accountTypeField(row),
    timezone: 'UTC',
    userSource: 'native',
    isCallerChildDomain: String(row['path']) !== viewer.domainPath && String(row['path']).startsWith(viewer.domainPath),
  }),
  filters: {
    username: 'b.username',
    accountType: (type) => ofAccountType('(SELECT role_id FROM account WHERE id = b.account_id)', type),
    state: 'b.state',
    userSource: 'accepted',
  },
  keyword: ['b.username', 'b.first_name', 'b.last_name', 'b.email'],
});
