import { date, int, list, uuid } from '../fields.js';

/** Which alerts are meant; at least one of these. */
export const alertSelection = {
  ids: list('These.', uuid('An alert.')).optional(),
  type: int('Those of this kind, by its number.').optional(),
  startDate: date('Those since.').optional(),
  endDate: date('Those until.').optional(),
} as const;
