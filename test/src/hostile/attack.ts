/** Sends calls and looks at what came of them: the reply, and the database before and after. */
import { DurastackError } from '@durastack/contracts/errors';
import { cancelOperation } from '@durastack/store/operations/cancel';
import { asCurl, send, type HostileCall, type HostileReply } from './call.js';
import { faultsOf, isRefused } from './judge.js';
import type { Snapshot } from './snapshot.js';
import type { HostileWorld } from './world.js';

/** After this a call that still has no answer waits for its operation, which is then cancelled. */
const PATIENCE_MS = 400;
/** How an operation that was cancelled so is answered: it had been accepted. */
export const CANCELLED_HERE = 'the hostile call was accepted';

/** Counts of one run. */
export interface Tally {
  accepted: number;
  refused: number;
  readonly acceptedCommands: Set<string>;
}

/** Ends what waits in the queue: nobody carries it out here. */
async function cancelAccepted({ database }: HostileWorld): Promise<void> {
  const rows = (await database.source.query("SELECT id FROM operation WHERE state IN ('queued', 'granted')")) as {
    id: string;
  }[];
  for (const { id } of rows) await cancelOperation(database.source, id, CANCELLED_HERE);
}

/** Sends a call; what it waits for is cancelled, since nobody carries it out here. */
export async function sendAndCancel(
  call: HostileCall,
  world: HostileWorld,
  patienceMs = PATIENCE_MS,
): Promise<HostileReply> {
  let timer: NodeJS.Timeout | undefined;
  let cancelling = Promise.resolve();
  let isAnswered = false;
  const cancelLater = (): void => {
    timer = setTimeout(() => {
      cancelling = cancelAccepted(world).then(() => (isAnswered ? undefined : cancelLater()));
    }, patienceMs);
  };
  cancelLater();
  try {
    return await send(call, world);
  } finally {
    isAnswered = true;
    clearTimeout(timer);
    await cancelling;
  }
}

/**
 * Sends one call.
 *
 * @throws DurastackError BUG with every fault of the reply and the call as a line for a shell
 */
export async function attack(call: HostileCall, world: HostileWorld, snapshot: Snapshot, tally: Tally): Promise<void> {
  const reply = await sendAndCancel(call, world).catch((error: unknown) => {
    throw new DurastackError('BUG', report(call, world, [`no answer: ${String(error)}`], undefined));
  });
  const waited = reply.text.includes(CANCELLED_HERE);
  const faults = waited ? [] : faultsOf(call, reply);
  if (isRefused(reply) && !waited) {
    tally.refused += 1;
    const changed = await snapshot.changed();
    if (changed.length > 0) faults.push(`it was refused, and has changed ${changed.join(', ')}`);
  } else {
    tally.accepted += 1;
    tally.acceptedCommands.add(call.command);
  }
  await snapshot.restore();
  if (faults.length > 0) throw new DurastackError('BUG', report(call, world, faults, reply));
}

function report(
  call: HostileCall,
  world: HostileWorld,
  faults: readonly string[],
  reply: HostileReply | undefined,
): string {
  return [
    `${call.command} by ${call.caller} (${call.about}): ${faults.join('; ')}`,
    `  reply: ${reply ? `${reply.status} ${reply.text.slice(0, 600)}` : 'none'}`,
    `  ${asCurl(call, world)}`,
  ].join('\n');
}
