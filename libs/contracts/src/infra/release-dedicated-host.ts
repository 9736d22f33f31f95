import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Ends the dedication of a host. */
export const releaseDedicatedHost = defineCommand({
  name: 'releaseDedicatedHost',
  domain: 'infra',
  description: 'Ends the dedication of a host: it takes machines of everybody again.',
  event: 'DEDICATE.RESOURCE.RELEASE',
  rest: { method: 'DELETE', path: '/hosts/{hostId}/dedication' },
  roles: ROOT_ONLY,
  params: z.object({ hostId: uuid('The host.') }),
  answersAsJob: true,
});
