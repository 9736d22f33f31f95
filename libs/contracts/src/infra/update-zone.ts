import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, ipv4, oneOf, text, uuid } from '../fields.js';
import { zoneView } from './zone.view.js';

/** Changes a zone. */
export const updateZone = defineCommand({
  name: 'updateZone',
  domain: 'infra',
  description: 'Changes a zone.',
  event: 'ZONE.EDIT',
  rest: { method: 'PATCH', path: '/zones/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The zone.'),
    name: text('Its new name.').min(1).optional(),
    dns1: ipv4('First name server of guests.').optional(),
    dns2: ipv4('Second name server of guests.').optional(),
    internalDns1: ipv4('First name server of hosts.').optional(),
    allocationState: oneOf('Whether machines may be placed there.', ['Enabled', 'Disabled']).optional(),
    vxlanRange: text('VXLAN identifiers of its networks, `5000-5999`; `none` for no such networks.', {
      max: 40,
    }).optional(),
    localStorageEnabled: bool('Accepted for compatibility: local directories are always allowed.').optional(),
  }),
  result: zoneView,
  wrapper: 'zone',
});
