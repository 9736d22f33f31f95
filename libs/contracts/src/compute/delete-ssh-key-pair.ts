import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';

/** Removes an SSH key pair; machines that have the key keep it. */
export const deleteSshKeyPair = defineCommand({
  name: 'deleteSSHKeyPair',
  domain: 'compute',
  description: 'Removes an SSH key pair by its name; machines that have the key keep it.',
  event: 'SSH.KEYPAIR.DELETE',
  rest: { method: 'DELETE', path: '/ssh-key-pairs/{name}' },
  roles: ALL_ROLES,
  params: z.object({
    name: text('Its name.').min(1),
    account: text('Of this account, with domainId (administrators).').optional(),
    domainId: uuid('Domain of the account.').optional(),
    projectId: uuid('For this project, instead of an account.').optional(),
  }),
});
