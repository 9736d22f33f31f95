import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { text, uuid } from '../fields.js';
import { haPriority } from './ha-priority.js';
import { serviceOfferingView } from './service-offering.view.js';

/** Changes what a service offering is called, where its machines may run, and how important they are. */
export const updateServiceOffering = defineCommand({
  name: 'updateServiceOffering',
  domain: 'compute',
  description: 'Changes the name, description, tags or priority of a service offering; its size is for life.',
  event: 'SERVICE.OFFERING.EDIT',
  rest: { method: 'PATCH', path: '/service-offerings/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The service offering.'),
    name: text('Its new name.').min(1).optional(),
    displayText: text('Its new description.', { max: 4096 }).optional(),
    hostTags: text('Tags that a host must have, comma-joined; empty for none.').optional(),
    storageTags: text('Tags that the pool of the root disk must have, comma-joined; empty for none.').optional(),
    haPriority: haPriority('How important its machines are when hosts fail or are emptied').optional(),
  }),
  result: serviceOfferingView,
  wrapper: 'serviceoffering',
});
