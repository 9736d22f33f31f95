import { scheduledWorkflow } from '@durastack/kit/temporal/operation-workflow';

/** What a cluster's schedule starts: plans the cluster, and has the plan carried out if it has moves. */
export const balanceCluster = scheduledWorkflow('balanceCluster', 'Plan the cluster');
