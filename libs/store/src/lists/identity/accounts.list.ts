import { limitTexts } from '@durastack/contracts/identity/limit-fields';
import { listAccounts } from '@durastack/contracts/identity/list-accounts';
import { NOTHING } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { accountTypeField, ofAccountType, ROLE_COLUMNS } from './account-role.js';
import { LIMIT_COLUMNS, limitsOfRow } from './limit-columns.js';

const counted = (table: string, gone: string) =>
  `(SELECT COUNT(*) FROM ${table} x WHERE x.account_id = b.id AND x.state <> '${gone}')`;

/** Accounts, with their users. */
export const accounts = defineList({
  command: listAccounts,
  resource: 'account',
  table: 'account',
  joins: ['LEFT JOIN domain od ON od.id = b.domain_id', 'LEFT JOIN role ro ON ro.id = b.role_id'],
  where: "b.state <> 'removed' AND b.role <> 'project'",
  scope: { account: 'b.id', domain: 'b.domain_id', holds: 'accounts' },
  columns: {
    id: 'b.id',
    name: 'b.name',
    domainId: 'b.domain_id',
    domain: 'od.name',
    domainPath: 'od.display_path',
    state: 'b.state',
    defaultZoneId: 'b.default_zone_id',
    isDefault: 'b.is_default',
    ...ROLE_COLUMNS,
    created: 'b.created_at',
    vmTotal: counted('virtual_machine', 'Expunged'),
    volumeTotal: counted('volume', 'Expunged'),
    templateTotal: counted('template', 'Removed'),
    networkTotal: counted('network', 'Removed'),
  },
  extra: { ...LIMIT_COLUMNS, role: 'b.role' },
  map: (row) => ({
    ...accountTypeField(row),
    ...limitTexts(limitsOfRow(row, row['role'] === 'admin' ? undefined : 'account'), row),
    isCleanupRequired: false,
    accountDetails: {},
  }),
  filters: {
    name: 'b.name',
    accountType: (type) => ofAccountType('b.role_id', type),
    state: 'b.state',
    isCleanupRequired: (wanted) => (wanted ? NOTHING : undefined),
    details: 'accepted',
  },
  keyword: ['b.name'],
  children: [
    {
      field: 'user',
      columns: {
        id: 'u.id',
        username: 'u.username',
        firstName: 'u.first_name',
        lastName: 'u.last_name',
        email: 'u.email',
        state: 'u.state',
        account: 'a.name',
        accountId: 'a.id',
        domainId: 'a.domain_id',
        domain: 'd.name',
        apiKey: 'u.api_key',
        created: 'u.created_at',
        isDefault: 'u.is_default',
        ...ROLE_COLUMNS,
      },
      // LEFT, so that users are read in their order: beginning at domains, all are copied into a table on disk and sorted there.
      from: 'user u LEFT JOIN account a ON a.id = u.account_id LEFT JOIN domain d ON d.id = a.domain_id LEFT JOIN role ro ON ro.id = a.role_id',
      parent: 'u.account_id',
      where: "u.state <> 'removed'",
      order: 'u.account_id, u.id',
      map: (row) => ({
        ...accountTypeField(row),
        timezone: 'UTC',
        userSource: 'native',
        isCallerChildDomain: false,
      }),
    },
  ],
});
