import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { ipv4, uuid } from '../fields.js';

/** Gives a public address back. */
export const disassociateIpAddress = defineCommand({
  name: 'disassociateIpAddress',
  domain: 'network',
  description: 'Gives a public address back.',
  event: 'NET.IPRELEASE',
  rest: { method: 'DELETE', path: '/public-ip-addresses/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The address.').optional(),
    ipAddress: ipv4('The address itself, instead of its id.').optional(),
  }),
  answersAsJob: true,
});
