import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { oneOf, text, uuid } from '../fields.js';
import { podView } from './pod.view.js';

/** Changes a pod. */
export const updatePod = defineCommand({
  name: 'updatePod',
  domain: 'infra',
  description: 'Changes a pod.',
  event: 'POD.EDIT',
  rest: { method: 'PATCH', path: '/pods/{id}' },
  roles: ROOT_ONLY,
  params: z.object({
    id: uuid('The pod.'),
    name: text('Its new name.').min(1).optional(),
    gateway: text('The gateway of its hosts.', { max: 45 }).optional(),
    netmask: text('The mask of its hosts.', { max: 45 }).optional(),
    startIp: text('First address of its range.', { max: 45 }).optional(),
    endIp: text('Last address of its range.', { max: 45 }).optional(),
    allocationState: oneOf('Whether machines may be placed there.', ['Enabled', 'Disabled']).optional(),
  }),
  result: podView,
  wrapper: 'pod',
});
