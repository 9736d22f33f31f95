import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { eventSelection } from './event-selection.js';

/** Takes events out of the list. */
export const archiveEvents = defineCommand({
  name: 'archiveEvents',
  domain: 'operations',
  description:
    'Takes events out of the list; listEvents archived=true shows them. Users archive those of their account, administrators of a domain all below it.',
  event: 'EVENT.ARCHIVE',
  rest: { method: 'POST', path: '/events/archive' },
  roles: ALL_ROLES,
  params: z.object(eventSelection),
});
