import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { outOfBandManagementView } from './out-of-band-management.view.js';

/** Lets no management controller of a zone be used, whatever is enabled for its hosts. */
export const disableOutOfBandManagementForZone = defineCommand({
  name: 'disableOutOfBandManagementForZone',
  domain: 'infra',
  description: 'Lets no management controller of a zone be used, whatever is enabled for its hosts.',
  event: 'HOST.OOBM.DISABLE',
  rest: { method: 'POST', path: '/zones/{zoneId}/out-of-band-management/disable' },
  roles: ROOT_ONLY,
  params: z.object({ zoneId: uuid('The zone.') }),
  result: outOfBandManagementView,
  wrapper: 'outofbandmanagement',
  answersAsJob: true,
});
