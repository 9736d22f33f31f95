/** Machines that go before their memory, on simulated hosts. */
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { DurastackError } from '@durastack/contracts/errors';
import type { RemoteReceiver, VerbContext } from '../driver.js';
import type { SimulatedWorld } from './world.js';

/** What goes on by itself, as long as this process lives. */
export interface Ongoing {
  /** Machines that run here while their memory is coming. */
  readonly arriving: Set<string>;
  /** Of those that have left: what has not gone yet. */
  readonly remainingBytes: Map<string, number>;
}

/** It runs; resolves when all of its memory has come, rejects when that cannot be any more. */
export async function arrive(
  world: SimulatedWorld,
  hostId: string,
  { vmId, stream, ongoing }: { vmId: string; stream: Duplex; ongoing: Ongoing },
): Promise<void> {
  world.setPostCopy(hostId, vmId, 'arriving');
  try {
    await finished(stream, { writable: false });
    world.setPostCopy(hostId, vmId, undefined);
  } catch (cause) {
    const text = `The memory of machine ${vmId} stopped coming before it was complete.`;
    throw new DurastackError('STEP_REFUSED', text, { cause });
  } finally {
    ongoing.arriving.delete(vmId);
  }
}

/** What a departure needs to know. */
export interface Leaving {
  readonly vmId: string;
  readonly context: VerbContext;
  readonly receiver: RemoteReceiver;
  readonly ongoing: Ongoing;
  readonly postCopy: VerbParams<'sendVm'>['postCopy'];
}

/** The source's side of it. */
export class Departure {
  private arrival: Promise<unknown> | undefined;

  constructor(
    private readonly world: SimulatedWorld,
    private readonly hostId: string,
    private readonly leaving: Leaving,
  ) {}

  /** Whether the guest has gone; lets it go when it is time. `onGone` is called then. */
  async isGone(elapsedMs: number, remainingBytes: number, onGone: () => void): Promise<boolean> {
    const { vmId, context, receiver, ongoing, postCopy } = this.leaving;
    if (this.arrival === undefined && postCopy !== undefined && elapsedMs >= postCopy.afterMs) {
      context.signal.throwIfAborted();
      await receiver.beginPostCopy();
      context.signal.throwIfAborted();
      this.world.holdVm(this.hostId, vmId);
      this.world.setPostCopy(this.hostId, vmId, 'left');
      ongoing.remainingBytes.set(vmId, remainingBytes);
      onGone();
      this.arrival = receiver.finish({ cookie: '' });
      this.arrival.catch(() => undefined);
    }
    if (this.arrival !== undefined) ongoing.remainingBytes.set(vmId, remainingBytes);
    return this.arrival !== undefined;
  }

  /** Waits until all of its memory has gone; false: the guest did not go first. Rejects when its memory is lost. */
  async hasArrived(): Promise<boolean> {
    if (this.arrival === undefined) return false;
    await this.arrival;
    this.world.setPower(this.hostId, this.leaving.vmId, 'off');
    return true;
  }
}
