import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { text, uuid } from '../fields.js';
import { userDataView } from './user-data.view.js';

/** Keeps user data under a name, to deploy machines with. */
export const registerUserData = defineCommand({
  name: 'registerUserData',
  domain: 'compute',
  description: 'Keeps user data under a name that is unique in its account, to deploy machines with.',
  event: 'REGISTER.USER.DATA',
  rest: { method: 'POST', path: '/user-data' },
  roles: ALL_ROLES,
  params: z.object({
    name: text('Its name.').min(1),
    userData: text('The user data, base64.', { max: 1_048_576, secret: true }).min(1),
    params: text('Names of the variables in it, comma-joined.', { max: 4_096 }).optional(),
    account: text('For this account, with domainId (administrators).').optional(),
    domainId: uuid('Domain of the account.').optional(),
    projectId: uuid('For this project, instead of an account.').optional(),
  }),
  result: userDataView,
  wrapper: 'userdata',
});
