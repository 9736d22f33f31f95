import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { hostHaView } from './host-ha.view.js';

/** Disables HA for a host. What is under way goes on. */
export const disableHAForHost = defineCommand({
  name: 'disableHAForHost',
  domain: 'infra',
  description: 'Disables HA for a host. What is under way goes on.',
  event: 'HA.RESOURCE.DISABLE',
  rest: { method: 'DELETE', path: '/hosts/{hostId}/ha/enabled' },
  roles: ROOT_ONLY,
  params: z.object({ hostId: uuid('The host.') }),
  result: hostHaView,
  wrapper: 'hostha',
  answersAsJob: true,
});
