import { z } from 'zod';
import { date, text, uuid } from '../fields.js';
import { ownerFields } from '../view-fields.js';

/** An instance group. */
export const instanceGroupView = z.object({
  id: uuid('The group.'),
  name: text('Its name.'),
  ...ownerFields,
  created: date('When it was created.'),
});
