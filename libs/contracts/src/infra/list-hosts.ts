import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { bool, list, text, uuid, word } from '../fields.js';
import { listParams } from '../list-params.js';
import { hostView } from './host.view.js';

/** Lists hosts. */
export const listHosts = defineListCommand({
  name: 'listHosts',
  domain: 'infra',
  description: 'Lists hosts.',
  rest: { method: 'GET', path: '/hosts' },
  roles: ROOT_ONLY,
  params: z.object({
    ...listParams,
    name: text('Only the one with this name.').optional(),
    zoneId: uuid('Only those of this zone.').optional(),
    podId: uuid('Only those of this pod.').optional(),
    clusterId: uuid('Only those of this cluster.').optional(),
    hypervisor: text('Only those of this hypervisor.').optional(),
    state: text('Only those in this state.').optional(),
    resourceState: text('Only those in this resource state.').optional(),
    type: text('Routing is the only type.').optional(),
    virtualMachineId: uuid('Only the one that this machine runs on.').optional(),
    details: list('Accepted for compatibility: everything is always given.', word).optional(),
    outOfBandManagementEnabled: bool('Only those whose management controller is used, or is not.').optional(),
    outOfBandManagementPowerState: text(
      'Only those whose management controller says so: On, Off, Unknown or Disabled.',
    ).optional(),
    haHost: bool('Accepted for compatibility: no host is set apart for HA.').optional(),
  }),
  result: hostView,
  wrapper: 'host',
});
