import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { oneOf, text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { annotationView } from './annotation.view.js';

/** Lists comments on things. */
export const listAnnotations = defineListCommand({
  name: 'listAnnotations',
  domain: 'identity',
  description:
    'Lists comments on what the caller may touch, oldest first; those for administrators alone to root administrators.',
  rest: { method: 'GET', path: '/annotations' },
  roles: ALL_ROLES,
  params: z.object({
    ...listParams,
    entityType: text('Only those on this kind of thing, e.g. VM.').optional(),
    entityId: uuid('Only those on this thing.').optional(),
    userId: uuid('Only those by this user.').optional(),
    annotationFilter: oneOf("Everybody's or the caller's own", ['all', 'self']).optional(),
  }),
  result: annotationView,
  wrapper: 'annotation',
});
