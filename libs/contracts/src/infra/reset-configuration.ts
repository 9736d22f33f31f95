import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { text, uuid } from '../fields.js';
import { configurationView } from './configuration.view.js';

/** Puts a setting back to what it was before anybody changed it. */
export const resetConfiguration = defineCommand({
  name: 'resetConfiguration',
  domain: 'infra',
  description: 'Puts a setting of a cluster back to what it is for all, and any other to its default.',
  event: 'CONFIGURATION.VALUE.EDIT',
  rest: { method: 'POST', path: '/configurations/{name}/reset' },
  roles: ROOT_ONLY,
  params: z.object({
    name: text('The setting.'),
    clusterId: uuid('The cluster; without it, all that have no value of their own.').optional(),
  }),
  result: configurationView,
  wrapper: 'configuration',
});
