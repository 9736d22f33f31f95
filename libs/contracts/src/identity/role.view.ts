import { z } from 'zod';
import { bool, text, uuid } from '../fields.js';

/** A role. */
export const roleView = z.object({
  id: uuid('The role.'),
  name: text('Its name.'),
  type: text('Admin, ResourceAdmin, DomainAdmin or User: how far accounts that have it see.'),
  description: text('What it is for.').optional(),
  isDefault: bool('Whether it came with the product; nobody changes those.'),
  isPublic: bool('Whether administrators of domains may give it too.'),
  state: text('enabled, or disabled: then nobody who has it may do anything.'),
});
