/** The source's half of a volume's way to another host; the same for every driver. */
import type { Duplex } from 'node:stream';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { asDurastackError, DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { RemoteReceiver, VerbContext } from '../driver.js';
import { WHOLE } from './volume-receiver.js';

/**
 * Shows the ticket, and says at the end that all of it is there, or why not.
 *
 * @param transfer copies and compares, through as many connections to the new volume as it opens
 * @throws DurastackError `HOST_UNREACHABLE` or `BACKEND_BUSY` when the destination does not listen (any more): to be begun
 *   again; what `transfer` throws; the signal's reason
 */
export async function sendWhole(
  { volume, destination }: VerbParams<'sendVolume'>,
  { reach, signal }: Pick<VerbContext, 'reach' | 'signal'>,
  transfer: (open: () => Promise<Duplex>) => Promise<void>,
): Promise<void> {
  if (reach === undefined) throw new DurastackError('BUG', 'sendVolume was called without a way to other hosts.');
  const receiver = await reach(destination, signal).catch((error: unknown) => {
    if (!isDurastackError(error, 'FORBIDDEN')) throw error;
    // It has not noticed yet that an earlier attempt's connection is gone, or has only just been told to listen.
    throw new DurastackError('BACKEND_BUSY', `Host ${destination.hostId} does not expect volume ${volume.id} now.`);
  });
  try {
    await receiver.prepare({ description: volume.id, cookie: '' });
    try {
      await transfer(() => receiver.openDiskStream());
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      await giveUp(receiver, error);
      throw error;
    }
    const { runs } = await receiver.finish({ cookie: WHOLE });
    if (!runs) throw new DurastackError('STEP_REFUSED', `Host ${destination.hostId} has not got volume ${volume.id}.`);
  } finally {
    receiver.close();
  }
}

/** Tells why. Throws when nobody listens any more: then that is the reason. */
async function giveUp(receiver: RemoteReceiver, error: unknown): Promise<void> {
  await receiver.finish({ cookie: asDurastackError(error).message });
}
