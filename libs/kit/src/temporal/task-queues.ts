/** Task queues with slots of their own, so that slow hosts never hold up the control plane's own work. */
export const TASK_QUEUES = { control: 'durastack-control', hosts: 'durastack-hosts' } as const;

/** Search attributes of the operators' UI, all keywords, registered by the worker. */
export const SEARCH_ATTRIBUTES = [
  'DurastackOperation',
  'DurastackKind',
  'DurastackAccount',
  'DurastackDomain',
  'DurastackZone',
  'DurastackResource',
] as const;
