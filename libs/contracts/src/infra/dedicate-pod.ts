import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { dedicatedPodView } from './dedicated-pod.view.js';
import { dedicateeParams } from './dedication-fields.js';

/** Dedicates a pod. */
export const dedicatePod = defineCommand({
  name: 'dedicatePod',
  domain: 'infra',
  description:
    'Dedicates a pod to an account, or to a domain and all below it: from now on it takes no machine of others. Refused while machines of others run there.',
  event: 'DEDICATE.RESOURCE',
  rest: { method: 'POST', path: '/pods/{podId}/dedication' },
  roles: ROOT_ONLY,
  params: z.object({ podId: uuid('The pod.'), ...dedicateeParams }),
  result: dedicatedPodView,
  wrapper: 'dedicatedpod',
  answersAsJob: true,
});
