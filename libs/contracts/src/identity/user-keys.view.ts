import { z } from 'zod';
import { text } from '../fields.js';

/** A user's keys. */
export const userKeysView = z.object({
  apiKey: text('Names the user in signed requests.').optional(),
  secretKey: text('Signs requests.', { secret: true }).optional(),
});
