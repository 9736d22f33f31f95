import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { bool, text, uuid } from '../fields.js';
import { ids, scopedListParams, tagFilter } from '../list-params.js';
import { volumeView } from './volume.view.js';

/** Lists volumes. */
export const listVolumes = defineListCommand({
  name: 'listVolumes',
  domain: 'storage',
  description: 'Lists volumes.',
  rest: { method: 'GET', path: '/volumes' },
  roles: ALL_ROLES,
  params: z.object({
    ...scopedListParams,
    ids,
    name: text('Only the one with this name.').optional(),
    virtualMachineId: uuid('Only those of this machine.').optional(),
    zoneId: uuid('Only those of this zone.').optional(),
    podId: uuid('Only those on pools of this pod.').optional(),
    clusterId: uuid('Only those on pools of this cluster.').optional(),
    hostId: uuid('Only those of machines on this host.').optional(),
    storageId: text('Only those on this pool.').optional(),
    diskOfferingId: uuid('Only those of this disk offering.').optional(),
    type: text('ROOT or DATADISK.').optional(),
    state: text('Only those in this state.').optional(),
    displayVolume: bool('Accepted for compatibility: all are shown.').optional(),
    tags: tagFilter,
  }),
  result: volumeView,
  wrapper: 'volume',
});
