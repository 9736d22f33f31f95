import { z } from 'zod';
import { defineCommand } from '../command.js';
import { int, text, uuid } from '../fields.js';

/** Opens a session. */
export const login = defineCommand({
  name: 'login',
  domain: 'identity',
  description: 'Opens a session: further calls need its cookie and its session key.',
  event: 'USER.LOGIN',
  rest: { method: 'POST', path: '/session' },
  roles: ['anyone'],
  params: z.object({
    username: text('The name of the user.'),
    password: text('The password.', { secret: true }),
    domain: text('Path of the domain, e.g. /acme/dev; ROOT when not given.', { max: 1024 }).optional(),
    domainId: uuid('The domain, instead of its path.').optional(),
  }),
  result: z.object({
    username: text('The name of the user.'),
    userId: uuid('The user.'),
    domainId: uuid('The domain of its account.'),
    timeout: int('Seconds of silence after which the session ends.'),
    account: text('The account that it acts for.'),
    firstName: text('First name.', { wireName: 'firstname' }),
    lastName: text('Last name.', { wireName: 'lastname' }),
    type: text('0 user, 1 root administrator, 2 administrator of a domain.'),
    timezone: text('UTC.'),
    timezoneOffset: text('0.0'),
    registered: text('false: there is no self-registration.'),
    sessionKey: text('To be sent with every call of the session.', { secret: true }),
  }),
  bare: true,
});
