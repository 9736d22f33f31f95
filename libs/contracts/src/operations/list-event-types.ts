import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { text } from '../fields.js';
import { listParams } from '../list-params.js';

const { id: _id, ...paging } = listParams;

/** Lists the types that events can have. */
export const listEventTypes = defineListCommand({
  name: 'listEventTypes',
  domain: 'operations',
  description: 'Lists the types that events can have: one for each kind of change, by name.',
  rest: { method: 'GET', path: '/event-types' },
  roles: ALL_ROLES,
  params: z.object(paging),
  result: z.object({ name: text('The type, e.g. VM.CREATE.') }),
  wrapper: 'eventtype',
});
