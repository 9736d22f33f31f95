import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';

/** Cancels an operation. */
export const cancelAsyncJob = defineCommand({
  name: 'cancelAsyncJob',
  domain: 'operations',
  description:
    'Cancels an asynchronous job: a queued one at once, a running one by undoing what it did. Past its last step that can be undone the answer is “too late”.',
  event: 'JOB.CANCEL',
  rest: { method: 'POST', path: '/operations/{jobId}/cancel' },
  roles: ALL_ROLES,
  params: z.object({ jobId: uuid('The job.') }),
});
