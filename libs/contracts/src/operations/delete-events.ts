import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { eventSelection } from './event-selection.js';

/** Deletes events. */
export const deleteEvents = defineCommand({
  name: 'deleteEvents',
  domain: 'operations',
  description:
    'Deletes events for good, which leaves one event that says so. Users delete those of their account, administrators of a domain all below it.',
  event: 'EVENT.DELETE',
  rest: { method: 'POST', path: '/events/delete' },
  roles: ALL_ROLES,
  params: z.object(eventSelection),
});
