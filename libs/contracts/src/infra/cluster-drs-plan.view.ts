import { z } from 'zod';
import { date, float, int, list, long, text, uuid } from '../fields.js';

/** One move of a plan. */
export const clusterDrsMigrationView = z.object({
  virtualMachineId: uuid('The machine.'),
  virtualMachineName: text('Its name.').optional(),
  sourceHostId: uuid('Where it runs.'),
  sourceHostName: text('The name of that host.').optional(),
  destinationHostId: uuid('Where it is to go.'),
  destinationHostName: text('The name of that host.').optional(),
  memoryToCopy: long('Its cost: MiB of memory that cross the network.'),
  expectedSeconds: int('How long that takes at a gigabit per second.'),
  imbalanceBefore: float('The imbalance of the cluster when the moves before it have been made.'),
  imbalanceAfter: float('Its benefit: the imbalance after it.'),
  jobId: uuid('The operation that moves it.').optional(),
  jobStatus: int('0 under way, 1 moved, 2 not moved.').optional(),
  skipped: text('Why it was passed over.', { max: 1_024 }).optional(),
});

/** A plan of the distributed resource scheduler. */
export const clusterDrsPlanView = z.object({
  id: uuid('The plan.'),
  clusterId: uuid('The cluster.'),
  type: text('MANUAL or AUTOMATED.'),
  status: text('READY, IN_PROGRESS or COMPLETED.'),
  algorithm: text('condensed or balanced.'),
  metric: text('memory or cpu.'),
  threshold: float('The imbalance that is wanted.'),
  imbalanceBefore: float('The imbalance when it was made: deviation of the use of hosts through its mean.'),
  imbalanceAfter: float('The imbalance when all its moves have been made.'),
  hosts: int('Hosts that took part.'),
  reason: text('Why there are no moves.').optional(),
  created: date('When it was made.'),
  jobId: uuid('The operation that carries it out.').optional(),
  jobStatus: int('0 under way, 1 carried out, 2 not carried through.').optional(),
  migrations: list('The moves, in order.', clusterDrsMigrationView),
});
