import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { bool, list, text, uuid } from '../fields.js';
import { localStoragePolicy } from './prepare-host-for-maintenance.js';

/** What would become of the machines of a host. */
export const maintenancePlanView = z.object({
  id: uuid('The host.'),
  name: text('Its name.'),
  possible: bool('Whether every machine can leave.'),
  machines: list(
    'Machines in the order in which they would leave.',
    z.object({
      virtualMachineId: uuid('The machine.'),
      name: text('Its name.'),
      way: text('migrate, migrate-with-volumes or stop.'),
      destinationId: uuid('Where it would go.').optional(),
      destinationName: text('The name of that host.').optional(),
      obstacle: text('Why it cannot leave.', { max: 4_096 }).optional(),
    }),
  ),
});

/** Says where the machines of a host would go, without doing anything. */
export const getHostMaintenancePlan = defineCommand({
  name: 'getHostMaintenancePlan',
  domain: 'infra',
  description:
    'Says where each machine of a host would go if it were prepared for maintenance now, and which could not leave and why. Does nothing.',
  rest: { method: 'GET', path: '/hosts/{id}/maintenance-plan' },
  roles: ROOT_ONLY,
  readOnly: true,
  params: z.object({ id: uuid('The host.'), localStorage: localStoragePolicy }),
  result: maintenancePlanView,
  wrapper: 'hostmaintenanceplan',
});
