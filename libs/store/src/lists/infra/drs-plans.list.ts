import { listClusterDrsPlan } from '@durastack/contracts/infra/list-cluster-drs-plan';
import { isOpenSql } from '../../operations/open-operations.js';
import { defineList } from '../engine/define-list.js';

const jobStatus = (operation: string) =>
  `CASE WHEN ${operation}.state IS NULL THEN NULL WHEN ${operation}.state = 'succeeded' THEN 1
    WHEN ${isOpenSql(operation)} THEN 0 ELSE 2 END`;

/** Plans of the distributed resource scheduler. */
export const drsPlans = defineList({
  command: listClusterDrsPlan,
  table: 'drs_plan',
  joins: ['LEFT JOIN operation o ON o.id = b.operation_id'],
  columns: {
    id: 'b.id',
    clusterId: 'b.cluster_id',
    type: 'b.kind',
    status: 'b.status',
    algorithm: 'b.algorithm',
    metric: 'b.metric',
    threshold: 'b.threshold',
    imbalanceBefore: 'b.imbalance_before',
    imbalanceAfter: 'b.imbalance_after',
    hosts: 'b.host_count',
    reason: 'b.idle',
    created: 'b.created_at',
    jobId: 'b.operation_id',
    jobStatus: jobStatus('o'),
  },
  filters: { clusterId: 'b.cluster_id' },
  newestFirst: true,
  isLog: true,
  children: [
    {
      field: 'migrations',
      columns: {
        virtualMachineId: 'm.vm_id',
        virtualMachineName: 'v.name',
        sourceHostId: 'm.from_host_id',
        sourceHostName: 'f.name',
        destinationHostId: 'm.to_host_id',
        destinationHostName: 't.name',
        memoryToCopy: 'm.copy_mib',
        expectedSeconds: 'm.expected_seconds',
        imbalanceBefore: 'm.imbalance_before',
        imbalanceAfter: 'm.imbalance_after',
        jobId: 'c.id',
        jobStatus: jobStatus('c'),
        skipped: 'm.passed_over',
      },
      from: `drs_move m JOIN drs_plan p ON p.id = m.plan_id LEFT JOIN virtual_machine v ON v.id = m.vm_id
        LEFT JOIN host f ON f.id = m.from_host_id LEFT JOIN host t ON t.id = m.to_host_id
        LEFT JOIN operation c ON c.parent_id = p.operation_id AND c.child_index = m.position`,
      parent: 'm.plan_id',
      order: 'm.plan_id, m.position',
    },
  ],
});
