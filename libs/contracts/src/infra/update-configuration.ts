import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { text, uuid } from '../fields.js';
import { configurationView } from './configuration.view.js';

/** Changes a setting. */
export const updateConfiguration = defineCommand({
  name: 'updateConfiguration',
  domain: 'infra',
  description:
    'Changes a setting of the whole cloud, of a cluster, or of all clusters that have none of their own. It counts at once.',
  event: 'CONFIGURATION.VALUE.EDIT',
  rest: { method: 'PUT', path: '/configurations/{name}' },
  roles: ROOT_ONLY,
  params: z.object({
    name: text('The setting.'),
    value: text('What it is to be; listConfigurations says what it may be.', { max: 4_096 }).optional(),
    clusterId: uuid('The cluster; without it, all that have no value of their own.').optional(),
  }),
  result: configurationView,
  wrapper: 'configuration',
});
