import { z } from 'zod';
import { date, field, text, uuid } from '../fields.js';
import { tags } from './tag.view.js';

/** A project. */
export const projectView = z.object({
  id: uuid('The project.'),
  name: text('Its name.'),
  displayText: text('What it is for.'),
  domainId: uuid('Its domain.'),
  domain: text('The name of its domain.'),
  state: text('Active, or Suspended: then nothing new is made or started in it.'),
  projectAccountName: text('The account that owns its things.'),
  owner: field(z.array(z.record(z.string(), z.string())), {
    description: 'Who administers it: account, and user where it is one user alone.',
    wire: 'list',
  }),
  created: date('When it was created.'),
  tags,
});
