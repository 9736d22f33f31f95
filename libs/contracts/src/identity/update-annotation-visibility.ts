import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, uuid } from '../fields.js';
import { annotationView } from './annotation.view.js';

/** Shows a comment to root administrators alone, or to everybody who may touch what it is about. */
export const updateAnnotationVisibility = defineCommand({
  name: 'updateAnnotationVisibility',
  domain: 'identity',
  description: 'Shows a comment to root administrators alone, or to everybody who may touch what it is about.',
  event: 'ANNOTATION.VISIBILITY.UPDATE',
  rest: { method: 'PUT', path: '/annotations/{id}/visibility' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The annotation.'),
    adminsOnly: bool('Whether only root administrators see it.'),
  }),
  result: annotationView,
  wrapper: 'annotation',
});
