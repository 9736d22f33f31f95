import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { hostHaView } from './host-ha.view.js';

/** Enables HA for a host. */
export const enableHAForHost = defineCommand({
  name: 'enableHAForHost',
  domain: 'infra',
  description: 'Enables HA for a host.',
  event: 'HA.RESOURCE.ENABLE',
  rest: { method: 'PUT', path: '/hosts/{hostId}/ha/enabled' },
  roles: ROOT_ONLY,
  params: z.object({ hostId: uuid('The host.') }),
  result: hostHaView,
  wrapper: 'hostha',
  answersAsJob: true,
});
