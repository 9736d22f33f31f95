import { defineListCommand, ROOT_ONLY } from '../command.js';
import { text } from '../fields.js';
import { listZones } from './list-zones.js';
import { usageFields } from './usage-fields.js';
import { zoneView } from './zone.view.js';

/** Lists zones with what their hosts have, have given out and use. */
export const listZonesMetrics = defineListCommand({
  name: 'listZonesMetrics',
  domain: 'infra',
  description: 'Lists zones as listZones does, with what their hosts have, have given out and use.',
  rest: { method: 'GET', path: '/zone-metrics' },
  roles: ROOT_ONLY,
  params: listZones.params,
  result: zoneView.extend({ ...usageFields, clusters: text('Clusters that are enabled, and all of them: `1 / 2`.') }),
  wrapper: 'zone',
});
