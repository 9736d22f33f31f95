import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';

/** Withdraws a VPC offering. */
export const deleteVPCOffering = defineCommand({
  name: 'deleteVPCOffering',
  domain: 'network',
  description: 'Withdraws a VPC offering; its name is free again.',
  event: 'VPC.OFFERING.DELETE',
  rest: { method: 'DELETE', path: '/vpc-offerings/{id}' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The VPC offering.') }),
  answersAsJob: true,
});
