/**
 * The task queue of all operations: their workflows and their activities.
 *
 * One, so that Temporal hands an activity to the worker that asked for it in the same answer (eager start), which
 * spares a queue's way through the server for each. Hosts that hang hold up nobody all the same: an operation has
 * one activity under way, workers have more slots than operations run, and calls to hosts are bounded (`HostCalls`).
 */
export const TASK_QUEUE = 'durastack-operations';

/** Search attributes of the operators' UI, all keywords, registered by the worker. */
export const SEARCH_ATTRIBUTES = [
  'DurastackOperation',
  'DurastackKind',
  'DurastackAccount',
  'DurastackDomain',
  'DurastackZone',
  'DurastackResource',
] as const;
