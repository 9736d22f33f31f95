import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { oneOf, text, uuid } from '../fields.js';
import { podView } from './pod.view.js';

/** Creates a pod: a rack or row of a zone. */
export const createPod = defineCommand({
  name: 'createPod',
  domain: 'infra',
  description: 'Creates a pod.',
  event: 'POD.CREATE',
  rest: { method: 'POST', path: '/pods' },
  roles: ROOT_ONLY,
  params: z.object({
    zoneId: uuid('Its zone.'),
    name: text('Its name.').min(1),
    gateway: text('The gateway of its hosts.', { max: 45 }).optional(),
    netmask: text('The mask of its hosts.', { max: 45 }).optional(),
    startIp: text('First address of its range.', { max: 45 }).optional(),
    endIp: text('Last address of its range.', { max: 45 }).optional(),
    allocationState: oneOf('Whether machines may be placed there; Enabled when not given.', [
      'Enabled',
      'Disabled',
    ]).optional(),
  }),
  result: podView,
  wrapper: 'pod',
});
