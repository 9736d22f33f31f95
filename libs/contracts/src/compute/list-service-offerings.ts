import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, int, text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { serviceOfferingView } from './service-offering.view.js';

/** Lists service offerings. */
export const listServiceOfferings = defineListCommand({
  name: 'listServiceOfferings',
  domain: 'compute',
  description: 'Lists service offerings: sizes of machines.',
  rest: { method: 'GET', path: '/service-offerings' },
  roles: ALL_ROLES,
  params: z.object({
    ...listParams,
    name: text('Only the one with this name.').optional(),
    cpuNumber: int('Only those with so many processors.').optional(),
    cpuSpeed: int('Only those with processors of so many MHz.').optional(),
    memory: int('Only those with so many MiB.').optional(),
    virtualMachineId: uuid('Only others than that of this machine.').optional(),
    isSystem: bool('There are none for the product itself.').optional(),
    zoneId: uuid('Accepted for compatibility: offerings hold in all zones.').optional(),
    state: text('Accepted for compatibility: all are Active.').optional(),
    storageType: text('Only those of local, or of shared storage.').optional(),
    listAll: bool('Accepted for compatibility: offerings belong to all.').optional(),
    isRecursive: bool('Accepted for compatibility: offerings belong to all.').optional(),
    domainId: uuid('Accepted for compatibility: offerings belong to all.').optional(),
    account: text('Accepted for compatibility: offerings belong to all.').optional(),
    projectId: text('Accepted for compatibility: there are no projects.').optional(),
  }),
  result: serviceOfferingView,
  wrapper: 'serviceoffering',
});
