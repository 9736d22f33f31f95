import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { date, text, uuid } from '../fields.js';
import { scopedListParams } from '../list-params.js';
import { jobView } from './job.view.js';

/** Lists operations that have not ended. */
export const listAsyncJobs = defineListCommand({
  name: 'listAsyncJobs',
  domain: 'operations',
  description: 'Lists asynchronous jobs that have not ended; with `startDate`, all accepted since.',
  rest: { method: 'GET', path: '/jobs' },
  roles: ALL_ROLES,
  params: z.object({
    ...scopedListParams,
    startDate: date('All that were accepted since, also those that have ended.').optional(),
    resourceType: text('Only those on this kind of thing.').optional(),
    resourceId: uuid('Only those on this thing.').optional(),
  }),
  result: jobView,
  wrapper: 'asyncjobs',
});
