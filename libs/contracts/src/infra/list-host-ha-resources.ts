import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { hostHaView } from './host-ha.view.js';

/** Lists how HA stands with hosts. */
export const listHostHAResources = defineListCommand({
  name: 'listHostHAResources',
  domain: 'infra',
  description: 'Lists how HA stands with each host that it was configured for, and why.',
  rest: { method: 'GET', path: '/host-ha-resources' },
  roles: ROOT_ONLY,
  params: z.object({ ...listParams, hostId: uuid('Only this host.').optional() }),
  result: hostHaView,
  wrapper: 'hostha',
});
