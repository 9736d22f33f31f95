import { z } from 'zod';
import { defineListCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { dedicatedPodView } from './dedicated-pod.view.js';
import { dedicationListParams } from './dedication-fields.js';

/** Lists dedicated pods. */
export const listDedicatedPods = defineListCommand({
  name: 'listDedicatedPods',
  domain: 'infra',
  description: 'Lists dedicated pods.',
  rest: { method: 'GET', path: '/dedicated-pods' },
  roles: ROOT_ONLY,
  params: z.object({ ...dedicationListParams, podId: uuid('Only this pod.').optional() }),
  result: dedicatedPodView,
  wrapper: 'dedicatedpod',
});
