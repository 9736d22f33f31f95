import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { hostView } from './host.view.js';

/** Takes a fenced host back that reports again. HA asks for it by itself. */
export const reinstateHost = defineCommand({
  name: 'reinstateHost',
  domain: 'infra',
  description:
    'Takes a fenced host back that reports again: what it still holds of its former machines is removed, its fence is lifted, and machines may be placed there. HA asks for it by itself.',
  event: 'HA.STATE.TRANSITION',
  rest: { method: 'POST', path: '/hosts/{id}/reinstate' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The host.') }),
  result: hostView,
  wrapper: 'host',
  operation: {
    title: 'Take back',
    resource: 'host',
    // Its intent stands in the host's state: nothing else acts on a host that is Down.
    locks: {},
    lifecycle: {},
  },
});
