import { z } from 'zod';
import { text, uuid } from '../fields.js';
import { dedicationFields } from './dedication-fields.js';

/** A dedicated host. */
export const dedicatedHostView = z.object({
  ...dedicationFields,
  hostId: uuid('The host.'),
  hostName: text('The name of the host.'),
});
