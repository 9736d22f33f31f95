import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, date, int, text, uuid } from '../fields.js';
import { scopedListParams } from '../list-params.js';
import { ownerFields } from '../view-fields.js';

/** Lists events: what was asked for, by whom, and what became of it. */
export const listEvents = defineListCommand({
  name: 'listEvents',
  domain: 'operations',
  description: 'Lists events, newest first: what was asked for, by whom, and what became of it.',
  rest: { method: 'GET', path: '/events' },
  roles: ALL_ROLES,
  params: z.object({
    ...scopedListParams,
    type: text('Only those of this type, e.g. VM.CREATE.').optional(),
    level: text('Only INFO, WARN or ERROR.').optional(),
    state: text('Only Scheduled or Completed ones.').optional(),
    startDate: date('Only those since.').optional(),
    endDate: date('Only those until.').optional(),
    resourceType: text('Only those of this kind of thing.').optional(),
    resourceId: uuid('Only those of this thing.').optional(),
    duration: int('Accepted for compatibility.').optional(),
    entryTime: int('Accepted for compatibility.').optional(),
    startId: uuid('Only those of the job of this event.').optional(),
    archived: bool('Only those that were archived; otherwise only those that were not.').optional(),
  }),
  result: z.object({
    id: uuid('The event.'),
    type: text('E.g. VM.CREATE.'),
    level: text('INFO, WARN or ERROR.'),
    state: text('Scheduled: accepted as a job. Completed: done or failed.'),
    description: text('What happened.', { max: 4096 }),
    ...ownerFields,
    username: text('Who asked for it.').optional(),
    resourceType: text('Kind of the thing.').optional(),
    resourceId: uuid('The thing.').optional(),
    parentId: uuid('The job.').optional(),
    sourceAddress: text('Where the call came from.').optional(),
    archived: bool('Whether it was archived.'),
    created: date('When.'),
  }),
  wrapper: 'event',
});
