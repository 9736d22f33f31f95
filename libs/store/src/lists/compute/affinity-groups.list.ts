import { listAffinityGroups } from '@durastack/contracts/compute/list-affinity-groups';
import { OWNED, OWNER_COLUMNS, OWNER_JOINS } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { scopeCondition } from '../engine/scope.js';
import { sql } from '../engine/sql.js';

const MACHINES = { account: 'v.account_id', domain: 'v.domain_id' };

/** Affinity groups. */
export const affinityGroups = defineList({
  command: listAffinityGroups,
  resource: 'affinity-group',
  table: 'affinity_group',
  joins: OWNER_JOINS,
  scope: OWNED,
  columns: { id: 'b.id', name: 'b.name', type: 'b.type', description: 'b.description', ...OWNER_COLUMNS },
  filters: {
    name: 'b.name',
    type: 'b.type',
    virtualMachineId: (id, viewer) =>
      sql`b.id IN (SELECT m.group_id FROM affinity_group_member m JOIN virtual_machine v ON v.id = m.vm_id
        WHERE m.vm_id = ${id} AND ${scopeCondition(MACHINES, viewer, {}, true)})`,
  },
  keyword: ['b.name', 'b.description'],
  children: [
    {
      field: 'virtualMachineIds',
      columns: { vmId: 'm.vm_id' },
      from: 'affinity_group_member m',
      parent: 'm.group_id',
      order: 'm.group_id, m.vm_id',
      map: ({ vmId }) => ({ vmId }),
    },
  ],
  finish: ({ virtualMachineIds }) => ({
    virtualMachineIds: ((virtualMachineIds ?? []) as { vmId: string }[]).map(({ vmId }) => vmId),
  }),
});
