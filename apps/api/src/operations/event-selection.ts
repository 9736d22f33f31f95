import { DurastackError } from '@durastack/contracts/errors';
import type { EventSelection } from '@durastack/store/operations/event-records';

/**
 * The events that a caller means.
 *
 * @throws DurastackError INVALID_INPUT when that would be all of them
 */
export function requireSelection(params: EventSelection): EventSelection {
  const { ids, ...rest } = params;
  const given = ids !== undefined && ids.length > 0 ? { ...rest, ids } : rest;
  if (Object.values(given).every((value) => value === undefined))
    throw new DurastackError('INVALID_INPUT', 'Say which events: give ids, type, startdate or enddate.');
  return given;
}
