import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { text, uuid } from '../fields.js';
import { listParams } from '../list-params.js';
import { podView } from './pod.view.js';

/** Lists pods. */
export const listPods = defineListCommand({
  name: 'listPods',
  domain: 'infra',
  description: 'Lists pods.',
  rest: { method: 'GET', path: '/pods' },
  roles: ROOT_ONLY,
  params: z.object({
    ...listParams,
    name: text('Only the one with this name.').optional(),
    zoneId: uuid('Only those of this zone.').optional(),
    allocationState: text('Only those in this allocation state.').optional(),
  }),
  result: podView,
  wrapper: 'pod',
});
