import { DurastackError } from '@durastack/contracts/errors';

/**
 * A moment that a client gave: ISO 8601, CloudStack's `2021-10-02T17:44:42+0000`, `2021-10-02 17:44:42` or a plain
 * date, UTC unless it says otherwise.
 *
 * @throws DurastackError INVALID_INPUT naming the parameter
 */
export function moment(text: string, parameter: string): Date {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?(Z|[+ -]\d{2}:?\d{2})?$/i.exec(
    text.trim(),
  );
  const zone = (match?.[3] ?? 'Z').replace(' ', '+').replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2');
  const date = new Date(`${match?.[1] ?? ''}T${match?.[2] ?? '00:00:00'}${zone}`);
  if (Number.isNaN(date.getTime())) {
    throw new DurastackError(
      'INVALID_INPUT',
      `The parameter ${parameter} is no date: ${text.slice(0, 60)}; give one like 2026-11-21 or 2026-11-21T02:03:16+0000.`,
    );
  }
  return date;
}
