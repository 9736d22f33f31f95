import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { ipv4, list, oneOf, text, uuid, word } from '../fields.js';
import { hostView } from './host.view.js';

/** Changes what a host is called, its tags, and whether machines may be placed there. */
export const updateHost = defineCommand({
  name: 'updateHost',
  domain: 'infra',
  description: 'Changes the name or the tags of a host, or whether machines may be placed there.',
  event: 'HOST.EDIT',
  rest: { method: 'PATCH', path: '/hosts/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The host.'),
    name: text('Its new name.').min(1).optional(),
    allocationState: oneOf('Whether machines may be placed there.', [
      'Enable',
      'Disable',
      'Enabled',
      'Disabled',
    ]).optional(),
    tunnelAddress: ipv4(
      'IPv4 address on it from which VXLAN tunnels to other hosts start; its own address when empty.',
    ).optional(),
    hostTags: list('Its tags, in place of all earlier ones; none when empty.', word, { mayBeEmpty: true }).optional(),
  }),
  result: hostView,
  wrapper: 'host',
});
