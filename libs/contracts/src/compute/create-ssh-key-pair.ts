import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { newSshKeyPairView } from './ssh-key-pair.view.js';

/** Makes an SSH key pair and gives its private half, once. */
export const createSshKeyPair = defineCommand({
  name: 'createSSHKeyPair',
  domain: 'compute',
  description: 'Makes an SSH key pair. Its private key is in the reply and nowhere else.',
  event: 'REGISTER.SSH.KEYPAIR',
  rest: { method: 'POST', path: '/ssh-key-pairs/generated' },
  roles: ALL_ROLES,
  params: z.object({
    name: text('Its name.').min(1),
    account: text('For this account, with domainId (administrators).').optional(),
    domainId: uuid('Domain of the account.').optional(),
    projectId: uuid('For this project, instead of an account.').optional(),
  }),
  result: newSshKeyPairView,
  wrapper: 'keypair',
});
