import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { text } from '../fields.js';
import { configurationView } from './configuration.view.js';
import { settingPlace } from './setting-place.js';

/** Changes a setting. */
export const updateConfiguration = defineCommand({
  name: 'updateConfiguration',
  domain: 'infra',
  description:
    'Changes a setting of the whole cloud, or of a zone, cluster, storage pool, domain or account, as its scope says. It counts at once.',
  event: 'CONFIGURATION.VALUE.EDIT',
  rest: { method: 'PUT', path: '/configurations/{name}' },
  roles: ROOT_ONLY,
  params: z.object({
    name: text('The setting.'),
    value: text('What it is to be; listConfigurations says what it may be.', { max: 4_096 }).optional(),
    ...settingPlace,
  }),
  result: configurationView,
  wrapper: 'configuration',
});
