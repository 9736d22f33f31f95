import { date, list, text, uuid } from '../fields.js';

/** Which events are meant; at least one of these. */
export const eventSelection = {
  ids: list('These.', uuid('An event.')).optional(),
  type: text('Those of this type, e.g. VM.CREATE.').optional(),
  startDate: date('Those since.').optional(),
  endDate: date('Those until.').optional(),
} as const;
