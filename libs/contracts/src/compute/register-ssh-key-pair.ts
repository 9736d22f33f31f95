import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { sshKeyPairView } from './ssh-key-pair.view.js';

/** Registers a public SSH key that was made elsewhere. */
export const registerSshKeyPair = defineCommand({
  name: 'registerSSHKeyPair',
  domain: 'compute',
  description: 'Registers a public SSH key that was made elsewhere.',
  event: 'REGISTER.SSH.KEYPAIR',
  rest: { method: 'POST', path: '/ssh-key-pairs' },
  roles: ALL_ROLES,
  params: z.object({
    name: text('Its name.').min(1),
    publicKey: text('The public key in OpenSSH format.', { max: 5120 }),
    account: text('For this account, with domainId (administrators).').optional(),
    domainId: uuid('Domain of the account.').optional(),
    projectId: uuid('For this project, instead of an account.').optional(),
  }),
  result: sshKeyPairView,
  wrapper: 'keypair',
});
