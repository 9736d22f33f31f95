import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { hostView } from './host.view.js';

/** Fences a silent host and starts its machines elsewhere. HA asks for it by itself. */
export const failOverHost = defineCommand({
  name: 'failOverHost',
  domain: 'infra',
  description:
    'Fences a host that does not report, waits for proof that its machines are dead, and starts those that HA cares for on other hosts, the most important first. HA asks for it by itself.',
  event: 'HA.STATE.TRANSITION',
  rest: { method: 'POST', path: '/hosts/{id}/fail-over' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The host.') }),
  result: hostView,
  wrapper: 'host',
  operation: {
    title: 'Fence and fail over',
    resource: 'host',
    // What it asks for locks the machines. A lock on the host would be waited for by what runs into its death.
    locks: {},
    lifecycle: {},
  },
});
