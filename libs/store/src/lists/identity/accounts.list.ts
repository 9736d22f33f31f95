import { UNLIMITED } from '@durastack/contracts/identity/limit-fields';
import { listAccounts } from '@durastack/contracts/identity/list-accounts';
import { ACCOUNT_ROLES, roleFields } from '@durastack/contracts/identity/roles';
import { NOTHING } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { sql } from '../engine/sql.js';

const counted = (table: string, gone: string) =>
  `(SELECT COUNT(*) FROM ${table} x WHERE x.account_id = b.id AND x.state <> '${gone}')`;

/** Accounts, with their users. */
export const accounts = defineList({
  command: listAccounts,
  resource: 'account',
  table: 'account',
  joins: ['LEFT JOIN domain od ON od.id = b.domain_id'],
  where: "b.state <> 'removed'",
  scope: { account: 'b.id', domain: 'b.domain_id' },
  columns: {
    id: 'b.id',
    name: 'b.name',
    domainId: 'b.domain_id',
    domain: 'od.name',
    domainPath: 'od.display_path',
    state: 'b.state',
    created: 'b.created_at',
    vmTotal: counted('virtual_machine', 'Expunged'),
    volumeTotal: counted('volume', 'Expunged'),
    templateTotal: counted('template', 'Removed'),
    networkTotal: counted('network', 'Removed'),
  },
  extra: { role: 'b.role' },
  map: ({ role }) => ({
    ...roleFields(role),
    ...UNLIMITED,
    isDefault: false,
    isCleanupRequired: false,
    accountDetails: {},
  }),
  filters: {
    name: 'b.name',
    accountType: (type) => {
      const role = ACCOUNT_ROLES.find((known) => known.accountType === type);
      return role ? sql`b.role = ${role.role}` : NOTHING;
    },
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
        role: 'a.role',
      },
      from: 'user u JOIN account a ON a.id = u.account_id JOIN domain d ON d.id = a.domain_id',
      parent: 'u.account_id',
      where: "u.state <> 'removed'",
      order: 'u.account_id, u.id',
      map: ({ role }) => ({
        ...roleFields(role),
        timezone: 'UTC',
        userSource: 'native',
        isCallerChildDomain: false,
        isDefault: false,
      }),
    },
  ],
});
