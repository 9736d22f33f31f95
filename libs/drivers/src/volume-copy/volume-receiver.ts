/**
 * The destination's half of a volume's way to another host; the same for every driver.
 *
 * Nothing is touched before the source has come: what is begun again after everything had arrived must not empty it. Then
 * it starts over, on a new volume. Only when the source says that it has compared all of it does the volume stay.
 */
import type { Duplex } from 'node:stream';
import { asDurastackError, DurastackError } from '@durastack/contracts/errors';
import type { MigrationReceiver, VerbContext } from '../driver.js';
import { withRevert } from '../process/reverter.js';

/** What the source says at the end when both are equal; anything else is why it gives up. */
export const WHOLE = 'whole';
const MAX_REASON = 1_000;

/** Where a volume arrives. */
export interface ArrivalPlace {
  /** A new, empty volume is there, in place of any other. */
  begin(): Promise<void>;
  /** Where content goes and is read from; after {@link begin}, one at a time. */
  openStream(): Promise<Duplex>;
  /** Everything that came is on the disk. */
  complete(): Promise<void>;
  /** Nothing is there. */
  discard(): Promise<void>;
}

/**
 * Lets the source in and takes the volume.
 *
 * @throws DurastackError `HOST_UNREACHABLE` when the source breaks off, `STEP_REFUSED` with its reason when it gives up,
 *   the signal's reason; nothing of what has come is there then
 */
export async function receiveWhole(
  volumeId: string,
  place: ArrivalPlace,
  { admit, signal }: Pick<VerbContext, 'admit' | 'signal'>,
): Promise<void> {
  if (admit === undefined) throw new DurastackError('BUG', 'receiveVolume was called without a gate.');
  const receiver = new VolumeReceiver(volumeId, place, signal);
  await withRevert(async (onFailure) => {
    onFailure(async () => (receiver.begun ? place.discard() : undefined));
    await admit(receiver, signal).catch((error: unknown) => {
      // What is here, is here, whatever became of the connection.
      if (!receiver.whole) throw error;
    });
    if (receiver.whole) return;
    const { reason } = receiver;
    if (reason !== undefined)
      throw new DurastackError('STEP_REFUSED', `Volume ${volumeId} could not be sent: ${reason}`);
    throw new DurastackError('HOST_UNREACHABLE', `The source broke off sending volume ${volumeId}; it starts over.`);
  });
}

class VolumeReceiver implements MigrationReceiver {
  begun = false;
  whole = false;
  reason: string | undefined;

  constructor(
    private readonly volumeId: string,
    private readonly place: ArrivalPlace,
    private readonly signal: AbortSignal,
  ) {}

  async prepare({ description }: { description: string }): Promise<{ cookie: string }> {
    if (description !== this.volumeId)
      throw new DurastackError('FORBIDDEN', `The ticket is for volume ${this.volumeId} alone.`);
    if (this.begun) throw new DurastackError('FORBIDDEN', `Volume ${this.volumeId} is being received already.`);
    this.signal.throwIfAborted();
    this.begun = true;
    await this.place.begin().catch((error: unknown) => {
      const { retryable, message } = asDurastackError(error);
      if (!retryable) this.reason = message;
      throw error;
    });
    return { cookie: '' };
  }

  async openStream(): Promise<Duplex> {
    throw noMachine();
  }

  async openDiskStream(): Promise<Duplex> {
    this.signal.throwIfAborted();
    return this.place.openStream();
  }

  async beginPostCopy(): Promise<void> {
    throw noMachine();
  }

  async finish({ cookie }: { cookie: string }): Promise<{ runs: boolean; cookie: string }> {
    if (!this.begun) throw new DurastackError('FORBIDDEN', `Nothing of volume ${this.volumeId} has come.`);
    if (cookie === WHOLE) {
      await this.place.complete();
      this.signal.throwIfAborted();
      this.whole = true;
    } else this.reason ??= cookie.slice(0, MAX_REASON);
    return { runs: this.whole, cookie: '' };
  }
}

const noMachine = (): DurastackError =>
  new DurastackError('FORBIDDEN', 'The ticket is for a volume, not for a machine.');
