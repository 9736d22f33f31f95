import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { uuid } from '../fields.js';
import { jobView } from './job.view.js';

/** Says how an operation stands, in CloudStack's words. */
export const queryAsyncJobResult = defineCommand({
  name: 'queryAsyncJobResult',
  domain: 'operations',
  description: 'Says how an asynchronous job stands, and what it made or why it failed.',
  readOnly: true,
  rest: { method: 'GET', path: '/jobs/{jobId}' },
  roles: ALL_ROLES,
  params: z.object({ jobId: uuid('The job.') }),
  result: jobView,
  bare: true,
});
