import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { dedicatedZoneView } from './dedicated-zone.view.js';
import { dedicateeParams } from './dedication-fields.js';

/** Dedicates a zone. */
export const dedicateZone = defineCommand({
  name: 'dedicateZone',
  domain: 'infra',
  description:
    'Dedicates a zone to an account, or to a domain and all below it: from now on it takes no machine of others. Refused while machines of others run there.',
  event: 'DEDICATE.RESOURCE',
  rest: { method: 'POST', path: '/zones/{zoneId}/dedication' },
  roles: ROOT_ONLY,
  params: z.object({ zoneId: uuid('The zone.'), ...dedicateeParams }),
  result: dedicatedZoneView,
  wrapper: 'dedicatedzone',
  answersAsJob: true,
});
