import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, date, int, list, object, oneOf, text } from '../fields.js';

/** Says what the doctor found: every way in which database, Temporal and hosts disagree. */
export const getDoctor = defineCommand({
  name: 'getDoctor',
  domain: 'operations',
  description: 'Says every way in which database, Temporal and hosts disagree, as of the latest check.',
  readOnly: true,
  rest: { method: 'GET', path: '/doctor' },
  roles: ROOT_ONLY,
  params: z.object({
    fresh: bool('Waits, at most 30 s, for a check that begins now; the latest one when none ends in time.').optional(),
  }),
  result: z.object({
    checkedAt: date('When the latest check began; absent before the first.').optional(),
    fresh: bool('Whether that check began after this call.'),
    durationMs: int('How long it took, in milliseconds.').optional(),
    comparedTemporal: bool('Whether Temporal answered.').optional(),
    hostCount: int('Hosts that were asked.').optional(),
    answeredCount: int('Hosts that answered.').optional(),
    findings: list(
      'What was found, errors first.',
      object('One finding.', {
        id: text('The same for the same disagreement in every check.'),
        kind: text('Its kind; docs/reference/findings.md lists them.'),
        severity: oneOf('How bad it is.', ['error', 'warning']),
        resourceType: text('Kind of the thing it is about.'),
        resourceId: text('The thing.'),
        where: text('Where it shows.', { max: 1024 }),
        what: text('What was found.', { max: 4096 }),
        since: date('Since when: as far as rows tell, else when it was first seen.'),
        likelyCause: text('Where it usually comes from.', { max: 1024 }),
        fix: text('What mends it.', { max: 1024 }),
        automatic: bool('Whether `dura doctor --fix` does that.'),
      }),
    ),
  }),
  wrapper: 'doctor',
});
