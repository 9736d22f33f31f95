import { z } from 'zod';
import { bool, text, uuid } from '../fields.js';

/** An image store: secondary storage. */
export const imageStoreView = z.object({
  id: uuid('The image store.'),
  name: text('Its name.'),
  zoneId: uuid('Its zone.'),
  zoneName: text('The name of its zone.'),
  url: text('Where it is, e.g. file:///srv/images.', { max: 2048 }),
  protocol: text('file.'),
  providerName: text('Directory.'),
  scope: text('ZONE.'),
  readOnly: bool('Whether nothing new is put there.'),
});
