import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { int, oneOf, uuid } from '../fields.js';
import { hostView } from './host.view.js';

/** How many machines leave a host at the same time, unless a call says otherwise. */
export const DEFAULT_MOVES_AT_ONCE = 2;

/** A parameter of everything that empties a host. */
export const localStoragePolicy = oneOf(
  'Machines with disks on storage of their host alone: refuse the maintenance, stop them, or migrate them with their disks. Default: refuse.',
  ['refuse', 'stop', 'migrate'],
).optional();

/** A parameter of everything that empties a host. */
export const movesAtOnce = int(`Machines that move at the same time. Default: ${DEFAULT_MOVES_AT_ONCE}.`, {
  min: 1,
  max: 32,
}).optional();

/** Moves every machine away from a host, which takes no new ones meanwhile and afterwards. */
export const prepareHostForMaintenance = defineCommand({
  name: 'prepareHostForMaintenance',
  domain: 'infra',
  description:
    'Moves every machine away from a host, which takes no new ones until cancelHostMaintenance. Ends in Maintenance, or, when a machine cannot be moved, as if it had not been asked for; machines that were moved stay where they are.',
  event: 'MAINT.PREPARE',
  rest: { method: 'POST', path: '/hosts/{id}/maintenance' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The host.'), localStorage: localStoragePolicy, movesAtOnce }),
  result: hostView,
  wrapper: 'host',
  operation: {
    title: 'Prepare for maintenance',
    resource: 'host',
    // Its intent stands in the host's resource state. A lock would be waited for by what its moves wait for.
    locks: {},
    lifecycle: {},
  },
});
