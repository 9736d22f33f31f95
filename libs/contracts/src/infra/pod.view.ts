import { z } from 'zod';
import { list, text, uuid, word } from '../fields.js';

/** A pod. */
export const podView = z.object({
  id: uuid('The pod.'),
  name: text('Its name.'),
  zoneId: uuid('Its zone.'),
  zoneName: text('The name of its zone.'),
  gateway: text('The gateway of its hosts.').optional(),
  netmask: text('The mask of its hosts.').optional(),
  startIp: list('First address of its range.', word).optional(),
  endIp: list('Last address of its range.', word).optional(),
  allocationState: text('Enabled or Disabled.'),
});
