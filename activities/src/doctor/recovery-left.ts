/** What recovery after a restore of the database left to a person, until it is acknowledged. */
import { readRecoveryFindings } from '@durastack/store/recovery/recovery-view';
import type { Check } from './examination.js';
import { finding } from './finding.js';

/** One finding for each entry of recovery's list. */
export const checkRecoveryLeft: Check = async ({ db }) => {
  const entries = await readRecoveryFindings(db);
  return entries.map(({ kind, subject, hostId, message, since }) => {
    const [type = 'setting', id = 'recovery'] = (subject.split('@')[0] ?? '').split(':');
    return finding('recovery-left', {
      resource: { type, id },
      where: hostId === undefined ? 'database' : `host ${hostId}`,
      what: `${kind}: ${message.replace(/\.$/, '')}`,
      since: new Date(since),
      place: hostId === undefined ? kind : `${kind}/${hostId}`,
      // What recovery found stays to be looked at, whatever operation is under way on it.
      touches: [],
    });
  });
};
