import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { dedicatedZoneView } from './dedicated-zone.view.js';
import { dedicationListParams } from './dedication-fields.js';

/** Lists dedicated zones. */
export const listDedicatedZones = defineListCommand({
  name: 'listDedicatedZones',
  domain: 'infra',
  description: 'Lists dedicated zones.',
  rest: { method: 'GET', path: '/dedicated-zones' },
  roles: ROOT_ONLY,
  params: z.object({ ...dedicationListParams, zoneId: uuid('Only this zone.').optional() }),
  result: dedicatedZoneView,
  wrapper: 'dedicatedzone',
});
