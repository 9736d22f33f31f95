import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { int, text } from '../fields.js';
import { listParams } from '../list-params.js';

const { id: _id, ...paging } = listParams;

/** Lists the kinds of alerts that are raised here. */
export const listAlertTypes = defineListCommand({
  name: 'listAlertTypes',
  domain: 'operations',
  description:
    'Lists the kinds of alerts that this cloud raises by itself. generateAlert raises others as well, under names of your own.',
  rest: { method: 'GET', path: '/alert-types' },
  roles: ROOT_ONLY,
  params: z.object(paging),
  result: z.object({
    type: int("CloudStack's number of the kind."),
    name: text('Its name, e.g. ALERT.COMPUTE.HOST.'),
  }),
  wrapper: 'alerttype',
});
