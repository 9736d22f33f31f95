import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { text } from '../fields.js';
import { scopedListParams } from '../list-params.js';
import { userDataView } from './user-data.view.js';

/** Lists user data that was registered. */
export const listUserData = defineListCommand({
  name: 'listUserData',
  domain: 'compute',
  description: 'Lists user data that was registered.',
  rest: { method: 'GET', path: '/user-data' },
  roles: ALL_ROLES,
  params: z.object({ ...scopedListParams, name: text('Only that of this name.').optional() }),
  result: userDataView,
  wrapper: 'userdata',
});
