import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { bool, list, uuid } from '../fields.js';
import { hostView } from '../infra/host.view.js';
import { listParams } from '../list-params.js';
import { hostReasonView } from './placement.js';

const { id: _id, ...paging } = listParams;

/** Where a running machine could go: suitable hosts first, and why the others are not. */
export const findHostsForMigration = defineListCommand({
  name: 'findHostsForMigration',
  domain: 'compute',
  description:
    'Lists the hosts that a running virtual machine could migrate to, the best first, then all other hosts of its zone with the reasons why it could not.',
  rest: { method: 'GET', path: '/virtual-machines/{virtualMachineId}/migration-hosts' },
  roles: ROOT_ONLY,
  params: z.object({ ...paging, virtualMachineId: uuid('The virtual machine.') }),
  result: hostView.extend({
    suitableForMigration: bool('Whether the machine can go there now.'),
    requiresStorageMotion: bool('Whether a disk would have to move with it, for the host does not reach its pool.', {
      wireName: 'requiresStorageMotion',
    }),
    unsuitableReasons: list('Why it cannot: every reason that holds, the first to be mended first.', hostReasonView),
  }),
  wrapper: 'host',
});
