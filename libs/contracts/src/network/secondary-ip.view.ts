import { list, object, text, uuid } from '../fields.js';

/** Addresses of an interface besides its own, in replies. */
export const secondaryIps = list(
  'Its secondary addresses.',
  object('A secondary address', { id: uuid('Its id.'), ipAddress: text('The address.') }),
);
