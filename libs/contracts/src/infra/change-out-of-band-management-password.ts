import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { controllerPassword } from './configure-out-of-band-management.js';
import { outOfBandManagementView } from './out-of-band-management.view.js';

/** Changes the password of a host's management controller, there and here. */
export const changeOutOfBandManagementPassword = defineCommand({
  name: 'changeOutOfBandManagementPassword',
  domain: 'infra',
  description:
    "Changes the password of the user at a host's management controller, there and here. Without a new one a random one is made, which nobody is told.",
  event: 'HOST.OOBM.PASSWORD',
  rest: { method: 'POST', path: '/hosts/{hostId}/out-of-band-management/password' },
  roles: ROOT_ONLY,
  params: z.object({
    hostId: uuid('The host.'),
    password: controllerPassword('The new password; by IPMI at most 20 characters.').optional(),
  }),
  result: outOfBandManagementView,
  wrapper: 'outofbandmanagement',
  operation: { title: 'Change the controller password of', resource: 'host', locks: {}, lifecycle: {} },
});
