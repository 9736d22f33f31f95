import { listSshKeyPairs } from '@durastack/contracts/compute/list-ssh-key-pairs';
import { OWNED, OWNER_COLUMNS, OWNER_JOINS } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';

/** SSH key pairs. */
export const sshKeyPairs = defineList({
  command: listSshKeyPairs,
  resource: 'ssh-key-pair',
  table: 'ssh_key_pair',
  joins: OWNER_JOINS,
  scope: OWNED,
  columns: {
    id: 'b.id',
    name: 'b.name',
    fingerprint: 'b.fingerprint',
    account: OWNER_COLUMNS.account,
    projectId: OWNER_COLUMNS.projectId,
    project: OWNER_COLUMNS.project,
    domainId: OWNER_COLUMNS.domainId,
    domain: OWNER_COLUMNS.domain,
  },
  filters: { name: 'b.name', fingerprint: 'b.fingerprint' },
  keyword: ['b.name'],
});
