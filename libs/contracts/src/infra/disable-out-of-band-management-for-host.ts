import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { outOfBandManagementView } from './out-of-band-management.view.js';

/** Lets a host's management controller not be used any more. */
export const disableOutOfBandManagementForHost = defineCommand({
  name: 'disableOutOfBandManagementForHost',
  domain: 'infra',
  description: "Lets a host's management controller not be used any more.",
  event: 'HOST.OOBM.DISABLE',
  rest: { method: 'POST', path: '/hosts/{hostId}/out-of-band-management/disable' },
  roles: ROOT_ONLY,
  params: z.object({ hostId: uuid('The host.') }),
  result: outOfBandManagementView,
  wrapper: 'outofbandmanagement',
  answersAsJob: true,
});
