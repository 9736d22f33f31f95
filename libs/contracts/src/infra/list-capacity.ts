import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { bool, int, long, oneOf, text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';

const { id: _id, ...paging } = listParams;

/** Lists how much there is of what the cloud gives out, and how much of it is given out. */
export const listCapacity = defineListCommand({
  name: 'listCapacity',
  domain: 'infra',
  description:
    'Lists how much there is of what the cloud gives out, and how much of it is given out: of each zone, or of one zone, pod or cluster. Hosts and pools count that are up and enabled.',
  rest: { method: 'GET', path: '/capacity' },
  roles: ROOT_ONLY,
  params: z.object({
    ...paging,
    zoneId: uuid('Only that of this zone.').optional(),
    podId: uuid('That of this pod.').optional(),
    clusterId: uuid('That of this cluster.').optional(),
    type: int('Only that of this kind, by its number.').optional(),
    sortBy: oneOf('The fullest first.', ['usage']).optional(),
    fetchLatest: bool('Accepted for compatibility: it is always as it is now.').optional(),
  }),
  result: z.object({
    type: int(
      '0 memory and 1 processors (MHz) that machines can be given, 2 space of pools that hosts share as measured, 3 space there that disks may grow to, 4 public addresses, 7 identifiers of isolated networks (VXLAN), 9 space on directories of single hosts that disks may grow to.',
    ),
    name: text("CloudStack's name of the kind, e.g. MEMORY."),
    zoneId: uuid('The zone.'),
    zoneName: text('The name of the zone.'),
    podId: uuid('The pod, of a pod or cluster.').optional(),
    podName: text('The name of that pod.').optional(),
    clusterId: uuid('The cluster, of a cluster.').optional(),
    clusterName: text('The name of that cluster.').optional(),
    capacityTotal: long(
      'How much there is, in bytes, MHz or pieces; as much as is offered where that is more than there is.',
    ),
    capacityUsed: long('How much of it is given out, or in use.'),
    percentUsed: text('The same of a hundred: `12.50`.'),
  }),
  wrapper: 'capacity',
});
