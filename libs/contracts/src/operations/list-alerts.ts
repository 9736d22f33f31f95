import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { date, int, text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';

/** Lists alerts that were not archived, newest first. */
export const listAlerts = defineListCommand({
  name: 'listAlerts',
  domain: 'operations',
  description:
    'Lists alerts, newest first: what an administrator should look at. Those whose reason is gone are archived.',
  rest: { method: 'GET', path: '/alerts' },
  roles: ROOT_ONLY,
  params: z.object({
    ...listParams,
    name: text('Only those of this kind, e.g. ALERT.COMPUTE.HOST.').optional(),
    type: text('Only those of this kind, by its number, e.g. 7.').optional(),
  }),
  result: z.object({
    id: uuid('The alert.'),
    type: int("CloudStack's number of its kind."),
    name: text('Name of its kind.'),
    description: text('What was found.', { max: 4096 }),
    sent: date('When it was raised.'),
  }),
  wrapper: 'alert',
});
