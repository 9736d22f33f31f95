import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { oneOf, uuid } from '../fields.js';
import { HOST_HA_PROVIDERS } from './host-ha-states.js';
import { hostHaView } from './host-ha.view.js';

/** Says who tells whether a host is dead. */
export const configureHAForHost = defineCommand({
  name: 'configureHAForHost',
  domain: 'infra',
  description: 'Says who tells whether a host is dead. HA acts for it once it is enabled.',
  event: 'HA.RESOURCE.CONFIGURE',
  rest: { method: 'PUT', path: '/hosts/{hostId}/ha' },
  roles: ROOT_ONLY,
  params: z.object({
    hostId: uuid('The host.'),
    provider: oneOf('The one for its hypervisor.', [HOST_HA_PROVIDERS.KVM, HOST_HA_PROVIDERS.Simulator]),
  }),
  result: hostHaView,
  wrapper: 'hostha',
  answersAsJob: true,
});
