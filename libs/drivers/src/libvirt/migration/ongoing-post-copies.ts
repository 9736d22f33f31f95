/**
 * What of post-copy goes on by itself once it has begun: the verb that began it has ended, and nothing that the agent is
 * told ends this. Whoever breaks the stream loses the machine.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** How long the end of the agent waits for machines whose memory is on its way. */
const STOP_WITHIN_MS = 60_000;

/** The machines that came or went by post-copy and whose memory is still on its way, through this agent. */
export class OngoingPostCopies {
  private readonly ongoing = new Map<string, Promise<void>>();

  /** From now on until `whole` has ended. */
  begin(vmId: string, whole: Promise<unknown>): void {
    const ended = whole
      .then(
        () => undefined,
        // Both hosts are asked how the machine stands: that says more than why a call failed.
        () => undefined,
      )
      .finally(() => {
        if (this.ongoing.get(vmId) === ended) this.ongoing.delete(vmId);
      });
    this.ongoing.set(vmId, ended);
  }

  /** Whether this machine's is. */
  has(vmId: string): boolean {
    return this.ongoing.has(vmId);
  }

  /** Waits until all memory has come, for as long as an agent may take to stop. */
  async ended(): Promise<void> {
    await Promise.race([Promise.all(this.ongoing.values()), sleep(STOP_WITHIN_MS, undefined, { ref: false })]);
  }
}
