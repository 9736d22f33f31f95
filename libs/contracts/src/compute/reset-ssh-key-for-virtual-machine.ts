import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { list, text, uuid, word } from '../fields.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Gives a stopped machine other SSH keys, from its next start on. */
export const resetSshKeyForVirtualMachine = defineCommand({
  name: 'resetSSHKeyForVirtualMachine',
  domain: 'compute',
  description:
    'Gives a stopped virtual machine these SSH keys in place of those it has. Its guest takes the next start for the first of a new instance: cloud-init then writes the keys, makes host keys anew and runs user data again.',
  event: 'VM.RESETSSHKEY',
  rest: { method: 'PUT', path: '/virtual-machines/{id}/ssh-keys' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The virtual machine; it must be stopped.'),
    keyPair: text("Name of a key pair of the machine's owner.").optional(),
    keyPairs: list("Names of key pairs of the machine's owner.", word).optional(),
    account: text('Accepted for compatibility: key pairs are those of the owner.').optional(),
    domainId: uuid('Accepted for compatibility.').optional(),
    projectId: uuid('Accepted for compatibility.').optional(),
  }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  answersAsJob: true,
});
