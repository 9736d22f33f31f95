import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { text } from '../fields.js';
import { listParams } from '../list-params.js';
import { configurationView } from './configuration.view.js';
import { settingPlace } from './setting-place.js';

const { keyword, page, pageSize } = listParams;

/** Lists settings. */
export const listConfigurations = defineListCommand({
  name: 'listConfigurations',
  domain: 'infra',
  description:
    'Lists the settings that a cluster, storage pool, domain or account can have its own value of, with those that count for it; without one, those of the whole cloud. Their scope says who can have an own value.',
  rest: { method: 'GET', path: '/configurations' },
  roles: ROOT_ONLY,
  params: z.object({
    ...{ keyword, page, pageSize },
    ...settingPlace,
    name: text('Only the one with this name.').optional(),
    category: text('Only those of this category.').optional(),
    group: text('Only those of this group.').optional(),
  }),
  result: configurationView,
  wrapper: 'configuration',
});
