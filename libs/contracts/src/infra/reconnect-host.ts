import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { hostView } from './host.view.js';

/** Asks a host anew what it offers and what runs there. */
export const reconnectHost = defineCommand({
  name: 'reconnectHost',
  domain: 'infra',
  description: 'Asks a host anew what it offers and what runs there.',
  event: 'HOST.RECONNECT',
  rest: { method: 'POST', path: '/hosts/{id}/reconnect' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The host.') }),
  result: hostView,
  wrapper: 'host',
  operation: {
    title: 'Reconnect host',
    resource: 'host',
    locks: { host: 'exclusive' },
    lifecycle: { begin: 'ReconnectRequested', succeed: 'HeartbeatSeen' },
  },
});
