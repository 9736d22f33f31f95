import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { outOfBandManagementView } from './out-of-band-management.view.js';

/** Lets a host's configured management controller be used. */
export const enableOutOfBandManagementForHost = defineCommand({
  name: 'enableOutOfBandManagementForHost',
  domain: 'infra',
  description: "Lets a host's configured management controller be used.",
  event: 'HOST.OOBM.ENABLE',
  rest: { method: 'POST', path: '/hosts/{hostId}/out-of-band-management/enable' },
  roles: ROOT_ONLY,
  params: z.object({ hostId: uuid('The host.') }),
  result: outOfBandManagementView,
  wrapper: 'outofbandmanagement',
  answersAsJob: true,
});
