import { z } from 'zod';
import { ALL_ROLES, defineCommand } from '../command.js';
import { bool, object, text, uuid } from '../fields.js';

/** Gives a one-time link to the console of a running virtual machine. */
export const createConsoleEndpoint = defineCommand({
  name: 'createConsoleEndpoint',
  domain: 'compute',
  description:
    'Gives a link to the console of a running virtual machine. It opens the console once, within 30 seconds.',
  event: 'VM.CONSOLE',
  rest: { method: 'POST', path: '/virtual-machines/{virtualMachineId}/console-endpoints' },
  roles: ALL_ROLES,
  params: z.object({
    virtualMachineId: uuid('The virtual machine.'),
    token: text('Accepted for compatibility; every link holds a one-time token of its own.', {
      secret: true,
    }).optional(),
  }),
  result: z.object({
    success: bool('Whether the console can be opened.'),
    details: text('What to know about it.'),
    url: text('A page with the console. It is a credential for 30 seconds.', { max: 4096, secret: true }),
    websocket: object('For clients that speak RFB over a websocket (subprotocol `binary`) themselves.', {
      token: text('Value of the query parameter `token`: good once, for 30 seconds.', { secret: true }),
      host: text('Host name or address.'),
      port: text('Port.'),
      path: text('Path without the leading slash.'),
    }),
  }),
  wrapper: 'consoleendpoint',
});
