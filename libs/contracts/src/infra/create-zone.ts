import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, oneOf, text } from '../fields.js';
import { zoneView } from './zone.view.js';

/** Creates a zone. */
export const createZone = defineCommand({
  name: 'createZone',
  domain: 'infra',
  description: 'Creates a zone.',
  event: 'ZONE.CREATE',
  rest: { method: 'POST', path: '/zones' },
  roles: ROOT_ONLY,
  params: z.object({
    name: text('Its name.').min(1),
    dns1: text('First name server of guests.', { max: 45 }),
    dns2: text('Second name server of guests.', { max: 45 }).optional(),
    internalDns1: text('First name server of hosts.', { max: 45 }),
    networkType: oneOf('Kind of networks.', ['Basic', 'Advanced']),
    allocationState: oneOf('Whether machines may be placed there; Enabled when not given.', [
      'Enabled',
      'Disabled',
    ]).optional(),
    localStorageEnabled: bool('Accepted for compatibility: local directories are always allowed.').optional(),
  }),
  result: zoneView,
  wrapper: 'zone',
});
