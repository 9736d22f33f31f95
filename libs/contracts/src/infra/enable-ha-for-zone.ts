import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Lets HA act again for the hosts of a zone that have it enabled. */
export const enableHAForZone = defineCommand({
  name: 'enableHAForZone',
  domain: 'infra',
  description: 'Lets HA act again for the hosts of a zone that have it enabled.',
  event: 'HA.RESOURCE.ENABLE',
  rest: { method: 'PUT', path: '/zones/{zoneId}/ha/enabled' },
  roles: ROOT_ONLY,
  params: z.object({ zoneId: uuid('The zone.') }),
  answersAsJob: true,
});
