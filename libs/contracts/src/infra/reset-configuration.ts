import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { text } from '../fields.js';
import { configurationView } from './configuration.view.js';
import { settingPlace } from './setting-place.js';

/** Puts a setting back to what it was before anybody changed it. */
export const resetConfiguration = defineCommand({
  name: 'resetConfiguration',
  domain: 'infra',
  description:
    'Takes away the own value of a zone, cluster, storage pool, domain or account, or puts a setting of the whole cloud back to its default.',
  event: 'CONFIGURATION.VALUE.EDIT',
  rest: { method: 'POST', path: '/configurations/{name}/reset' },
  roles: ROOT_ONLY,
  params: z.object({
    name: text('The setting.'),
    ...settingPlace,
  }),
  result: configurationView,
  wrapper: 'configuration',
});
