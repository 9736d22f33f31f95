import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Forgets that a physical network carries a kind of traffic. */
export const deleteTrafficType = defineCommand({
  name: 'deleteTrafficType',
  domain: 'network',
  description: 'Forgets that a physical network carries a kind of traffic.',
  event: 'TRAFFIC.TYPE.DELETE',
  rest: { method: 'DELETE', path: '/traffic-types/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The traffic type.'),
  }),
  answersAsJob: true,
});
