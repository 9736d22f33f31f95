import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { long, oneOf, uuid } from '../fields.js';
import { outOfBandManagementView } from './out-of-band-management.view.js';
import { POWER_ACTIONS } from './power-controller.js';

/** Seconds in which a power action must show, unless a call says otherwise. */
export const DEFAULT_POWER_ACTION_S = 120;

/** Switches a host's power by its management controller, or asks it. */
export const issueOutOfBandManagementPowerAction = defineCommand({
  name: 'issueOutOfBandManagementPowerAction',
  domain: 'infra',
  description:
    "Switches a host's power by its management controller, whatever runs there, and reads it again until that shows; STATUS only reads it. A host that is held off by a fencing is not switched on.",
  event: 'HOST.OOBM.POWER',
  rest: { method: 'POST', path: '/hosts/{hostId}/power' },
  roles: ROOT_ONLY,
  params: z.object({
    hostId: uuid('The host.'),
    action: oneOf('What to do; SOFT asks its operating system to shut down.', POWER_ACTIONS),
    timeout: long(`Seconds in which it must show. Default: ${DEFAULT_POWER_ACTION_S}.`, {
      min: 1,
      max: 3_600,
    }).optional(),
  }),
  result: outOfBandManagementView,
  wrapper: 'outofbandmanagement',
  operation: {
    title: 'Power action on',
    resource: 'host',
    // It must be possible whatever holds the host.
    locks: {},
    lifecycle: {},
  },
});
