import { z } from 'zod';
import { bool, date, text, uuid } from '../fields.js';

/** A comment on something. */
export const annotationView = z.object({
  id: uuid('The annotation.'),
  entityId: uuid('What it is about.'),
  entityType: text('The kind of that, e.g. VM.'),
  entityName: text('The name of that.'),
  annotation: text('What it says.', { max: 4_096 }),
  userId: uuid('Who wrote it.'),
  username: text('The name of that user.').optional(),
  adminsOnly: bool('Whether only root administrators see it.'),
  created: date('When it was written.'),
});
