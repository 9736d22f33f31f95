import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { hostView } from './host.view.js';

/** An operator's word that nothing of a host runs any more. */
export const declareHostLost = defineCommand({
  name: 'declareHostLost',
  domain: 'infra',
  description:
    'Confirms, on the word of an administrator who has made sure of it, that nothing of a silent host runs any more: its machines may be started elsewhere. Refused while the host reports; it ends when the host reports again.',
  event: 'HOST.DECLARE.LOST',
  rest: { method: 'POST', path: '/hosts/{id}/declare-lost' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The host.') }),
  result: hostView,
  wrapper: 'host',
});
