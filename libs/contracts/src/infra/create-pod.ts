import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { ipv4, oneOf, text, uuid } from '../fields.js';
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
    gateway: ipv4('The gateway of its hosts.').optional(),
    netmask: ipv4('The mask of its hosts.').optional(),
    startIp: ipv4('First address of its range.').optional(),
    endIp: ipv4('Last address of its range.').optional(),
    allocationState: oneOf('Whether machines may be placed there; Enabled when not given.', [
      'Enabled',
      'Disabled',
    ]).optional(),
  }),
  result: podView,
  wrapper: 'pod',
});
