import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Ends the dedication of a zone. */
export const releaseDedicatedZone = defineCommand({
  name: 'releaseDedicatedZone',
  domain: 'infra',
  description: 'Ends the dedication of a zone: it takes machines of everybody again.',
  event: 'DEDICATE.RESOURCE.RELEASE',
  rest: { method: 'DELETE', path: '/zones/{zoneId}/dedication' },
  roles: ROOT_ONLY,
  params: z.object({ zoneId: uuid('The zone.') }),
  answersAsJob: true,
});
