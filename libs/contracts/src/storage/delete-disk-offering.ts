import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Withdraws a disk offering; disks of this size go on. */
export const deleteDiskOffering = defineCommand({
  name: 'deleteDiskOffering',
  domain: 'storage',
  description: 'Withdraws a disk offering; disks of this size go on.',
  event: 'DISK.OFFERING.DELETE',
  rest: { method: 'DELETE', path: '/disk-offerings/{id}' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The disk offering.') }),
});
