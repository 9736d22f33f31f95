import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, date, list, text, uuid } from '../fields.js';
import { maintenanceFields } from './maintain-host.js';

const id = z.uuid().toLowerCase();

/** What rolling maintenance did with each host. */
export const rollingMaintenanceView = z.object({
  success: bool('Whether every host was maintained or passed over.'),
  details: text('In one sentence.'),
  hostsUpdated: list(
    'Hosts that were maintained.',
    z.object({
      hostId: uuid('The host.'),
      hostName: text('Its name.'),
      startDate: date('When it began.'),
      endDate: date('When it ended.'),
    }),
  ),
  hostsSkipped: list(
    'Hosts that were passed over.',
    z.object({ hostId: uuid('The host.'), hostName: text('Its name.'), reason: text('Why.', { max: 1024 }) }),
  ),
});

/** Maintains hosts one after the other. */
export const startRollingMaintenance = defineCommand({
  name: 'startRollingMaintenance',
  domain: 'infra',
  description:
    'Maintains hosts one after the other, each as maintainHost does, as long as the others of its cluster could bear the loss of one more. It stops at the first host that fails, unless it is forced.',
  event: 'SYSTEM.ROLLING.MAINTENANCE',
  rest: { method: 'POST', path: '/rolling-maintenance' },
  roles: ROOT_ONLY,
  params: z.object({
    hostIds: list('These hosts, in this order.', id).optional(),
    clusterIds: list('The hosts of these clusters.', id).optional(),
    podIds: list('The hosts of these pods.', id).optional(),
    zoneIds: list('The hosts of this zone.', id).optional(),
    forced: bool('Pass over hosts that fail, and go on with no room left for the loss of another host.').optional(),
    ...maintenanceFields,
  }),
  result: rollingMaintenanceView,
  wrapper: 'rollingmaintenance',
  operation: { title: 'Rolling maintenance of', resource: 'zone', locks: {}, lifecycle: {} },
});
