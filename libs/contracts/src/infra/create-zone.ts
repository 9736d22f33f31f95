import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, ipv4, oneOf, text } from '../fields.js';
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
    dns1: ipv4('First name server of guests.'),
    dns2: ipv4('Second name server of guests.').optional(),
    internalDns1: ipv4('First name server of hosts.'),
    networkType: oneOf('Kind of networks.', ['Basic', 'Advanced']),
    allocationState: oneOf('Whether machines may be placed there; Enabled when not given.', [
      'Enabled',
      'Disabled',
    ]).optional(),
    vxlanRange: text(
      'VXLAN identifiers of its networks, `5000-5999`; `none`, or not given, when it has no such networks.',
      { max: 40 },
    ).optional(),
    localStorageEnabled: bool('Accepted for compatibility: local directories are always allowed.').optional(),
  }),
  result: zoneView,
  wrapper: 'zone',
});
