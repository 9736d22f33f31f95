import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { text, uuid } from '../fields.js';
import { diskOfferingView } from './disk-offering.view.js';

/** Changes what a disk offering is called and where its disks may lie. */
export const updateDiskOffering = defineCommand({
  name: 'updateDiskOffering',
  domain: 'storage',
  description: 'Changes the name, description or tags of a disk offering; its size is for life.',
  event: 'DISK.OFFERING.EDIT',
  rest: { method: 'PATCH', path: '/disk-offerings/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The disk offering.'),
    name: text('Its new name.').min(1).optional(),
    displayText: text('Its new description.', { max: 4096 }).optional(),
    tags: text('Tags that a pool must have, comma-joined; empty for none.').optional(),
  }),
  result: diskOfferingView,
  wrapper: 'diskoffering',
});
