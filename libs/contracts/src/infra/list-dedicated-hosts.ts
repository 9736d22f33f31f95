import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { dedicatedHostView } from './dedicated-host.view.js';
import { dedicationListParams } from './dedication-fields.js';

/** Lists dedicated hosts. */
export const listDedicatedHosts = defineListCommand({
  name: 'listDedicatedHosts',
  domain: 'infra',
  description: 'Lists dedicated hosts.',
  rest: { method: 'GET', path: '/dedicated-hosts' },
  roles: ROOT_ONLY,
  params: z.object({ ...dedicationListParams, hostId: uuid('Only this host.').optional() }),
  result: dedicatedHostView,
  wrapper: 'dedicatedhost',
});
