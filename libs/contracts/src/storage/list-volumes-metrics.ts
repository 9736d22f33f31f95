import { ALL_ROLES, defineListCommand } from '../command.js';
import { text } from '../fields.js';
import { listVolumes } from './list-volumes.js';
import { volumeView } from './volume.view.js';

/** Lists volumes with their size in the unit that people read. */
export const listVolumesMetrics = defineListCommand({
  name: 'listVolumesMetrics',
  domain: 'storage',
  description:
    'Lists volumes as listVolumes does, with their size in the unit that people read. What guests read and write is not measured.',
  rest: { method: 'GET', path: '/volume-metrics' },
  roles: ALL_ROLES,
  params: listVolumes.params,
  result: volumeView.extend({ sizeGb: text('Its size: `20.00 GiB`.') }),
  wrapper: 'volume',
});
