import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';
import { annotationView } from './annotation.view.js';

/** Takes a comment away. */
export const removeAnnotation = defineCommand({
  name: 'removeAnnotation',
  domain: 'identity',
  description: 'Takes a comment away: the own one, or any as root administrator.',
  event: 'ANNOTATION.REMOVE',
  rest: { method: 'DELETE', path: '/annotations/{id}' },
  roles: ALL_ROLES,
  params: z.object({ id: uuid('The annotation.') }),
  result: annotationView,
  wrapper: 'annotation',
});
