import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Keeps HA from acting for any host of a zone, whatever is enabled on the hosts. What is under way goes on. */
export const disableHAForZone = defineCommand({
  name: 'disableHAForZone',
  domain: 'infra',
  description:
    'Keeps HA from acting for any host of a zone, whatever is enabled on the hosts. What is under way goes on.',
  event: 'HA.RESOURCE.DISABLE',
  rest: { method: 'DELETE', path: '/zones/{zoneId}/ha/enabled' },
  roles: ROOT_ONLY,
  params: z.object({ zoneId: uuid('The zone.') }),
  answersAsJob: true,
});
