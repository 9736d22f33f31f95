import { z } from 'zod';
import { text, uuid } from '../fields.js';
import { projectFields } from '../view-fields.js';

const shape = {
  id: uuid('The key pair.'),
  name: text('Its name.'),
  fingerprint: text('The fingerprint of its public key.'),
  account: text('The account that owns it; absent when a project does.').optional(),
  ...projectFields,
  domainId: uuid('The domain of that account.'),
  domain: text('The name of that domain.'),
};

/** An SSH key pair; only the public half is kept. */
export const sshKeyPairView = z.object(shape);

/** A key pair that was just made: the only time its private half is shown. */
export const newSshKeyPairView = z.object({
  ...shape,
  privateKey: text('The private key, PEM. It is not kept.', { max: 16_384, secret: true }),
});
