/** Use and limits of domains and accounts; CloudStack gives limits and what is left as texts. */
import { long, text } from '../fields.js';

const kind = <N extends string>(name: N, what: string) =>
  ({
    [`${name}Limit`]: text(`How many ${what} there may be, or Unlimited.`).optional(),
    [`${name}Total`]: long(`How many ${what} there are.`).optional(),
    [`${name}Available`]: text(`How many more ${what} there may be, or Unlimited.`).optional(),
  }) as Record<`${N}Limit` | `${N}Available`, ReturnType<ReturnType<typeof text>['optional']>> &
    Record<`${N}Total`, ReturnType<ReturnType<typeof long>['optional']>>;

/** Kinds of things that are counted: name in replies → name in `resource_count`. */
export const COUNTED = {
  vm: 'user_vm',
  volume: 'volume',
  template: 'template',
  network: 'network',
  cpu: 'cpu',
  memory: 'memory',
  primaryStorage: 'primary_storage',
} as const;

/** Fields of the kinds that are counted. */
export const limitFields = {
  ...kind('vm', 'virtual machines'),
  ...kind('volume', 'volumes'),
  ...kind('template', 'templates'),
  ...kind('network', 'networks'),
  ...kind('cpu', 'virtual processors'),
  ...kind('memory', 'MiB of memory'),
  ...kind('primaryStorage', 'GiB of disks'),
};
