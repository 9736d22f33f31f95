import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, text, uuid } from '../fields.js';
import { annotationView } from './annotation.view.js';

/** Writes a comment on something. */
export const addAnnotation = defineCommand({
  name: 'addAnnotation',
  domain: 'identity',
  description: 'Writes a comment on something that the caller may touch.',
  event: 'ANNOTATION.CREATE',
  rest: { method: 'POST', path: '/annotations' },
  roles: ALL_ROLES,
  params: z.object({
    entityType: text('The kind of thing, e.g. VM, VOLUME or HOST.'),
    entityId: uuid('The thing.'),
    annotation: text('The comment.', { max: 4_096 }),
    adminsOnly: bool('Whether only root administrators see it; theirs to say.').optional(),
  }),
  result: annotationView,
  wrapper: 'annotation',
});
