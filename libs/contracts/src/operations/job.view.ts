import { z } from 'zod';
import { date, field, int, long, object, text, uuid } from '../fields.js';

/** An operation as CloudStack's clients know it: an asynchronous job. */
export const jobView = z.object({
  jobId: uuid('The operation.'),
  accountId: uuid('The account that owns it.'),
  account: text('The name of that account.').optional(),
  userId: uuid('The user who asked for it.').optional(),
  domainId: uuid('The domain of the account.'),
  domainPath: text('The names from ROOT to that domain.', { max: 1024 }).optional(),
  cmd: text('The command.'),
  jobStatus: int('0 under way, 1 done, 2 failed.'),
  jobProcStatus: int('How far it is, in percent.'),
  jobResultCode: int('0, or the code of the error.'),
  jobResultType: text('object or text.').optional(),
  jobResult: field(z.unknown(), { description: 'What it made, or its error.', wire: 'object' }).optional(),
  jobInstanceType: text('Kind of the thing it acts on.').optional(),
  jobInstanceId: uuid('The thing it acts on.').optional(),
  created: date('When it was accepted.'),
  completed: date('When it ended.').optional(),
  state: text('queued, granted, running, succeeded, failed, cancelled, skipped or needs-attention.'),
  summary: text('What it does, in plain words.'),
  step: text('The step it is at.').optional(),
  stepNumber: int('Number of that step, from 1.').optional(),
  stepCount: int('How many steps there are.').optional(),
  detail: text('How that step goes on.').optional(),
  progress: object('How far the copying is that it does; at its end, what that came to.', {
    processedBytes: long('Bytes that were copied.'),
    remainingBytes: long('Bytes that are left.'),
    totalBytes: long('Bytes of the disk or of the memory.'),
    bytesPerSecond: long('How fast it goes.').optional(),
    dirtyBytesPerSecond: long('How fast the guest writes to what is being copied.').optional(),
    pass: int('How often memory was gone through, with this time.').optional(),
    downtimeMs: int(
      'How long the guest is expected to stand still; at the end, how long it did. Milliseconds.',
    ).optional(),
    elapsedMs: int('At the end: how long the hosts were at it, milliseconds.').optional(),
    hypervisorMs: int('At the end: how much of that went by inside of the hypervisors, milliseconds.').optional(),
  }).optional(),
});
