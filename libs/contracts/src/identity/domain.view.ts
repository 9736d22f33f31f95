import { z } from 'zod';
import { bool, date, int, text, uuid } from '../fields.js';
import { limitFields } from './limit-fields.js';

/** A domain: a node of the tenancy tree. */
export const domainView = z.object({
  id: uuid('The domain.'),
  name: text('Its name.'),
  path: text('The names from ROOT to it.', { max: 1024 }),
  level: int('0 for ROOT.'),
  parentDomainId: uuid('The domain above it.').optional(),
  parentDomainName: text('The name of that domain.').optional(),
  hasChild: bool('Whether there are domains below it.'),
  state: text('Active.'),
  created: date('When it was created.'),
  ...limitFields,
});
