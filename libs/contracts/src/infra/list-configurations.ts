import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { configurationView } from './configuration.view.js';

const { keyword, page, pageSize } = listParams;

/** Lists settings. */
export const listConfigurations = defineListCommand({
  name: 'listConfigurations',
  domain: 'infra',
  description:
    'Lists the settings of a cluster; without a cluster, those of the whole cloud, and of all clusters that have none of their own.',
  rest: { method: 'GET', path: '/configurations' },
  roles: ROOT_ONLY,
  params: z.object({
    ...{ keyword, page, pageSize },
    clusterId: uuid('Their values for this cluster.').optional(),
    name: text('Only the one with this name.').optional(),
    category: text('Only those of this category.').optional(),
    group: text('Only those of this group.').optional(),
  }),
  result: configurationView,
  wrapper: 'configuration',
});
