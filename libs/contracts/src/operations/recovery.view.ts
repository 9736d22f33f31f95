import { z } from 'zod';
import { bool, date, int, list, object, text, uuid } from '../fields.js';

/** Recovery after a restore of the database, as administrators see it. */
export const recoveryView = z.object({
  active: bool('Whether recovery is under way: nothing is started or removed meanwhile.'),
  waitsForCommand: bool(
    'Whether it waits for an administrator: hosts obey a higher control epoch than the database knows.',
  ),
  reason: text('Why it began.', { max: 1024 }).optional(),
  startedAt: date('When it began.').optional(),
  controlEpoch: int('The control epoch; hosts refuse lower ones.'),
  hostCount: int('Hosts that are looked at.'),
  readCount: int('Those that were read.'),
  awaited: list(
    'Hosts that have not told yet: make them answer, or write them off.',
    object('A host.', {
      id: uuid('Its id.'),
      name: text('Its name.'),
      error: text('Why it could not be read.', { max: 1024 }).optional(),
    }),
  ),
  findings: list(
    'What a person has to look at.',
    object('One thing.', {
      kind: text('What kind of thing.'),
      subject: text('What it is about: type, id, and the host where it makes the difference.'),
      hostId: uuid('The host.').optional(),
      message: text('What was found.', { max: 4096 }),
      since: date('When.'),
    }),
  ),
});
