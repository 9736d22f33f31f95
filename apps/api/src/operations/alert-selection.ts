import { DurastackError } from '@durastack/contracts/errors';
import type { AlertSelection } from '@durastack/store/doctor/alerts';

/**
 * The alerts that a caller means.
 *
 * @throws DurastackError INVALID_INPUT when nothing, or no date, is given
 */
export function selectionOf(params: AlertSelection): AlertSelection {
  const { ids, type, startDate, endDate } = params;
  if ((ids === undefined || ids.length === 0) && [type, startDate, endDate].every((value) => value === undefined))
    throw new DurastackError('INVALID_INPUT', 'Say which alerts: give ids, type, startdate or enddate.');
  for (const [name, date] of Object.entries({ startdate: startDate, enddate: endDate }))
    if (date !== undefined && Number.isNaN(Date.parse(date)))
      throw new DurastackError('INVALID_INPUT', `The parameter ${name} is "${date}"; give a date, e.g. 2026-01-31.`);
  return { ...(ids && ids.length > 0 ? { ids } : {}), type, startDate, endDate };
}
