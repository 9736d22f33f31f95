import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Ends the dedication of a pod. */
export const releaseDedicatedPod = defineCommand({
  name: 'releaseDedicatedPod',
  domain: 'infra',
  description: 'Ends the dedication of a pod: it takes machines of everybody again.',
  event: 'DEDICATE.RESOURCE.RELEASE',
  rest: { method: 'DELETE', path: '/pods/{podId}/dedication' },
  roles: ROOT_ONLY,
  params: z.object({ podId: uuid('The pod.') }),
  answersAsJob: true,
});
