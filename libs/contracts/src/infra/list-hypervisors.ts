import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { text, uuid } from '../fields.js';

/** Lists the hypervisors that hosts can have. */
export const listHypervisors = defineListCommand({
  name: 'listHypervisors',
  domain: 'infra',
  description: 'Lists the hypervisors that hosts can have.',
  rest: { method: 'GET', path: '/hypervisors' },
  roles: ALL_ROLES,
  params: z.object({ zoneId: uuid('Only those that this zone has clusters of.').optional() }),
  result: z.object({ name: text('KVM or Simulator.') }),
  wrapper: 'hypervisor',
});
