/** A volume that nothing uses goes from a host's pool to one that another host alone reaches. */
import { AWAITS_SOURCE } from '@durastack/contracts/agent/migration';
import type { VerbParams } from '@durastack/contracts/agent/verbs';
import { invariant } from '@durastack/contracts/errors';
import { DONE, pending, type StepOutcome, type StepRef } from '@durastack/contracts/operations/step';
import type { SecretBox } from '@durastack/kit/secrets/secret-box';
import { noteDetail } from '@durastack/store/operations/step-detail';
import type { ActivityDependencies } from '../dependencies.js';
import { mayEndSoon, nearOutcome, stayNear } from '../stay-near.js';
import { taskOutcome } from '../task-outcome.js';
import { sealNewTicket, TICKET_MS } from '../transfer-tickets.js';
import type { MovingVolume } from './moving-volumes.js';
import { readVolumeSize } from './volume-sizes.js';

/** What a ticket is sealed for. */
const ticketContext = (volumeId: string): string => `volume-copy:${volumeId}`;

/** A new ticket for a volume, as its row keeps it. */
export function sealVolumeTicket(box: SecretBox, volumeId: string): string {
  return sealNewTicket(box, ticketContext(volumeId));
}

/**
 * Goes on with it. Done when either side says so: the source once it has compared both and the destination has it on its
 * disk, the destination then too. Whichever is asked again after its agent died finds the other one done, and does nothing.
 */
export async function transferVolume(
  { source, agents, box }: Pick<ActivityDependencies, 'source' | 'agents' | 'box'>,
  { moving, rate }: { moving: MovingVolume; rate: Pick<VerbParams<'sendVolume'>, 'bytesPerSecond'> },
  step: StepRef,
): Promise<StepOutcome> {
  const { volume, target, hostId, targetHostId, targetUrl, ticketSealed } = moving;
  invariant(targetHostId && targetUrl && ticketSealed, `The volume ${volume.id} goes to no other host by itself.`);
  const size = await readVolumeSize(agents, { hostId, volume }, step);
  const ticket = box.open(ticketSealed, ticketContext(volume.id));
  const ofVolume = { ...step, part: volume.id };
  const granted = {
    ...{ volume: { ...target, sizeBytes: size.sizeBytes }, sourceHostId: hostId },
    ...{ ticket, validForMs: TICKET_MS },
  };
  const receiving = await stayNear({
    ask: (waitMs) => agents.task(targetHostId, 'receiveVolume', granted, { ...ofVolume, waitMs }),
    worthIt: ({ detail }) => detail !== AWAITS_SOURCE,
  });
  if (taskOutcome(receiving).done) return DONE;
  if (receiving.detail !== AWAITS_SOURCE) return pending(0, 'preparing the destination');
  const sending = { volume, destination: { hostId: targetHostId, url: targetUrl, ticket }, ...rate };
  const sent = await stayNear({
    ask: (waitMs) => agents.task(hostId, 'sendVolume', sending, { ...ofVolume, waitMs }),
    worthIt: mayEndSoon,
    show: ({ detail = '', progress }) => noteDetail(source, step, detail, { progress }),
  });
  return nearOutcome(sent);
}
