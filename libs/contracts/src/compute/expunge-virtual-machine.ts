import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';

/** Removes a virtual machine, its disks and its addresses for good. */
export const expungeVirtualMachine = defineCommand({
  name: 'expungeVirtualMachine',
  domain: 'compute',
  description: 'Removes a virtual machine, its disks and its addresses for good.',
  event: 'VM.EXPUNGE',
  rest: { method: 'POST', path: '/virtual-machines/{id}/expunge' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The virtual machine'),
  }),
  operation: {
    title: 'Expunge',
    resource: 'virtual-machine',
    locks: { 'virtual-machine': 'exclusive', volume: 'exclusive' },
    lifecycle: { begin: 'ExpungeRequested', succeed: 'Expunged' },
    supersedes: true,
  },
});
