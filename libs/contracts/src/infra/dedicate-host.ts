import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { dedicatedHostView } from './dedicated-host.view.js';
import { dedicateeParams } from './dedication-fields.js';

/** Dedicates a host. */
export const dedicateHost = defineCommand({
  name: 'dedicateHost',
  domain: 'infra',
  description:
    'Dedicates a host to an account, or to a domain and all below it: from now on it takes no machine of others. Refused while machines of others run there.',
  event: 'DEDICATE.RESOURCE',
  rest: { method: 'POST', path: '/hosts/{hostId}/dedication' },
  roles: ROOT_ONLY,
  params: z.object({ hostId: uuid('The host.'), ...dedicateeParams }),
  result: dedicatedHostView,
  wrapper: 'dedicatedhost',
  answersAsJob: true,
});
