import { z } from 'zod';
import { int, text, uuid } from '../fields.js';

/** A member of a project. */
export const projectAccountView = z.object({
  projectId: uuid('The project.'),
  project: text('Its name.'),
  account: text('The account that is a member, or whose user is.'),
  accountId: uuid('That account.'),
  accountType: int('Its type.'),
  userId: uuid('The user, where it is one user alone.').optional(),
  username: text('Its name.').optional(),
  role: text('Admin or Regular.'),
  projectRoleId: uuid('The role of the project that it has.').optional(),
  domainId: uuid('The domain of the account.'),
  domain: text('The name of that domain.'),
});
