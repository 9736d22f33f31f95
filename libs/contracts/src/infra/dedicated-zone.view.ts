import { z } from 'zod';
import { text, uuid } from '../fields.js';
import { dedicationFields } from './dedication-fields.js';

/** A dedicated zone. */
export const dedicatedZoneView = z.object({
  ...dedicationFields,
  zoneId: uuid('The zone.'),
  zoneName: text('The name of the zone.'),
});
