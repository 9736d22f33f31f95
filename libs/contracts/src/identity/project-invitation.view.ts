import { z } from 'zod';
import { text, uuid } from '../fields.js';

/** An invitation to a project. */
export const projectInvitationView = z.object({
  id: uuid('The invitation.'),
  projectId: uuid('The project.'),
  project: text('Its name.'),
  domainId: uuid('The domain of the account that is invited.'),
  domain: text('The name of that domain.'),
  domainPath: text('The path of that domain.'),
  account: text('The account that is invited, or whose user is.'),
  userId: uuid('The user, where it is one user alone.').optional(),
  email: text('Where the inviting one says that it can be reached.').optional(),
  state: text('Pending, Completed, Declined or Expired.'),
});
