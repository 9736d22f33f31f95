import { z } from 'zod';
import { ALL_ROLES, defineListCommand } from '../command.js';
import { text } from '../fields.js';
import { scopedListParams } from '../list-params.js';
import { sshKeyPairView } from './ssh-key-pair.view.js';

/** Lists SSH key pairs. */
export const listSshKeyPairs = defineListCommand({
  name: 'listSSHKeyPairs',
  domain: 'compute',
  description: 'Lists SSH key pairs.',
  rest: { method: 'GET', path: '/ssh-key-pairs' },
  roles: ALL_ROLES,
  params: z.object({
    ...scopedListParams,
    name: text('Only the one with this name.').optional(),
    fingerprint: text('Only the one with this fingerprint.').optional(),
  }),
  result: sshKeyPairView,
  wrapper: 'sshkeypair',
});
