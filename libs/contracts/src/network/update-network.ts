import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, int, text, uuid } from '../fields.js';
import { networkView } from './network.view.js';

/** Changes what a network is called. */
export const updateNetwork = defineCommand({
  name: 'updateNetwork',
  domain: 'network',
  description: 'Changes the name and description of a network; what its router would have to do is refused.',
  event: 'NETWORK.UPDATE',
  rest: { method: 'PATCH', path: '/networks/{id}' },
  roles: ALL_ROLES,
  params: z.object({
    id: uuid('The network.'),
    name: text('Its new name.').min(1).optional(),
    displayText: text('Its new description.', { max: 4096 }).optional(),
    networkOfferingId: uuid('The offering that it has: it cannot change to another yet.').optional(),
    guestVmCidr: text('Not supported yet.').optional(),
    networkDomain: text('Not supported yet.').optional(),
    dns1: text('Not supported yet.').optional(),
    dns2: text('Not supported yet.').optional(),
    publicMtu: int('Not supported yet.').optional(),
    privateMtu: int('Not supported yet.').optional(),
    sourceNatIpAddress: text('Not supported yet.').optional(),
    displayNetwork: bool('true: all are shown.').optional(),
    changeCidr: bool('Accepted for compatibility.').optional(),
    forced: bool('Accepted for compatibility.').optional(),
    updateInSequence: bool('Accepted for compatibility.').optional(),
  }),
  result: networkView,
  wrapper: 'network',
  answersAsJob: true,
});
