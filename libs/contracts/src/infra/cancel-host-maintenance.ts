import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { hostView } from './host.view.js';

/** Ends a host's maintenance, or its preparation at whatever point. */
export const cancelHostMaintenance = defineCommand({
  name: 'cancelHostMaintenance',
  domain: 'infra',
  description:
    'Ends the maintenance of a host: it takes machines again. While it is being prepared: moves that have not begun are dropped, those under way are taken back or ended.',
  event: 'MAINT.CANCEL',
  rest: { method: 'DELETE', path: '/hosts/{id}/maintenance' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The host.') }),
  result: hostView,
  wrapper: 'host',
  operation: { title: 'End maintenance', resource: 'host', locks: {}, lifecycle: {} },
});
