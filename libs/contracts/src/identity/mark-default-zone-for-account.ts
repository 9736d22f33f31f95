import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { text, uuid } from '../fields.js';
import { accountView } from './account.view.js';

/** Notes the zone that an account is meant to use. */
export const markDefaultZoneForAccount = defineCommand({
  name: 'markDefaultZoneForAccount',
  domain: 'identity',
  description: 'Notes the zone that an account is meant to use, for clients to offer first.',
  event: 'ACCOUNT.MARK.DEFAULT.ZONE',
  rest: { method: 'PUT', path: '/domains/{domainId}/accounts/{account}/default-zone' },
  roles: ROOT_ONLY,
  params: z.object({
    account: text('The account.').min(1),
    domainId: uuid('Its domain.'),
    zoneId: uuid('The zone.'),
  }),
  result: accountView,
  wrapper: 'account',
  answersAsJob: true,
});
