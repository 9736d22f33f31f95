import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { ipv4, oneOf, text, uuid } from '../fields.js';
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
    gateway: ipv4('The gateway of its hosts.').optional(),
    netmask: ipv4('The mask of its hosts.').optional(),
    startIp: ipv4('First address of its range.').optional(),
    endIp: ipv4('Last address of its range.').optional(),
    allocationState: oneOf('Whether machines may be placed there.', ['Enabled', 'Disabled']).optional(),
  }),
  result: podView,
  wrapper: 'pod',
});
