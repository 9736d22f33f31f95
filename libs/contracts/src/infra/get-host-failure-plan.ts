import { z } from 'zod';
import { haPriority } from '../compute/ha-priority.js';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, list, text, uuid } from '../fields.js';

/** What would become of the machines of a host that is lost. */
export const failurePlanView = z.object({
  id: uuid('The host.'),
  name: text('Its name.'),
  possible: bool('Whether every machine that is to be restarted elsewhere would find room.'),
  haObstacle: text('Why nothing would be restarted without a person.', { max: 1_024 }).optional(),
  machines: list(
    'Its machines: those that would be restarted in their order, then those that would wait for it.',
    z.object({
      virtualMachineId: uuid('The machine.'),
      name: text('Its name.'),
      haPriority: haPriority('How important it is'),
      restarts: bool('Whether it is to be restarted elsewhere.'),
      destinationId: uuid('Where it would run.').optional(),
      destinationName: text('The name of that host.').optional(),
      obstacle: text('Why it would run nowhere.', { max: 4_096 }).optional(),
    }),
  ),
});

/** Says where the machines of a host would be restarted if it were lost, without doing anything. */
export const getHostFailurePlan = defineCommand({
  name: 'getHostFailurePlan',
  domain: 'infra',
  description:
    'Says which machines of a host would be restarted where, and in which order, if it were lost now, and which would find no room and why. Does nothing.',
  rest: { method: 'GET', path: '/hosts/{id}/failure-plan' },
  roles: ROOT_ONLY,
  readOnly: true,
  params: z.object({ id: uuid('The host.') }),
  result: failurePlanView,
  wrapper: 'hostfailureplan',
});
