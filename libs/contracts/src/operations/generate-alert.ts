import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { int, text, uuid } from '../fields.js';

/** Raises an alert for something that a person or a tool has seen. */
export const generateAlert = defineCommand({
  name: 'generateAlert',
  domain: 'operations',
  description:
    'Raises an alert for something that you, or a tool of yours, have seen. It stays in the list until it is archived or deleted.',
  event: 'ALERT.GENERATE',
  rest: { method: 'POST', path: '/alerts' },
  roles: ROOT_ONLY,
  params: z.object({
    type: int('The number of its kind: one of listAlertTypes, or another one.', { min: 0, max: 32_767 }),
    name: text('The name of its kind; of a number of listAlertTypes the name there.', { max: 60 }),
    description: text('What was seen.', { max: 999 }),
    zoneId: uuid('The zone that it is about.').optional(),
    podId: uuid('The pod that it is about.').optional(),
  }),
  answersAsJob: true,
});
