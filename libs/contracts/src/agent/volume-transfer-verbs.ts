/**
 * Verbs by which a volume that nothing uses goes from one host to another; see {@link VERBS}. The way between the agents
 * is that of a live migration: a ticket, shown under the host's own certificate, and the content inside of that.
 */
import { z } from 'zod';
import { AWAITS_SOURCE, migrationDestination, migrationTicket } from './migration.js';
import { id, volumeSpec } from './specs.js';
import { nothing, verb } from './verb.js';

/** What the destination lets in: the content of one volume. */
export const volumeTicket = migrationTicket.pick({ sourceHostId: true, ticket: true, validForMs: true }).extend({
  /** Where it goes, standing alone, as large as its guest sees it at the source. */
  volume: volumeSpec,
});
/** See {@link volumeTicket}. */
export type VolumeTicket = z.infer<typeof volumeTicket>;

/** In the order in which they are used. */
export const VOLUME_TRANSFER_VERBS = {
  receiveVolume: verb({
    description:
      'Lets the source of the volume in under the ticket, and takes its content into a new, empty volume in place of any that is there. Done once the source says that it has compared all of it. Nothing is here when this ends otherwise after the source came; before it comes nothing is touched.',
    params: volumeTicket,
    result: nothing,
    token: 'exclusive',
    resource: (p) => `volume:${p.volume.id}`,
    long: true,
    landmark: AWAITS_SOURCE,
  }),
  sendVolume: verb({
    description:
      'Copies the volume, which nothing uses, with all that lies under it to the host that holds the ticket, and compares both. The volume stays as it is.',
    params: z.object({
      volume: volumeSpec,
      destination: migrationDestination,
      /** Copies no faster than this. */
      bytesPerSecond: z.int().positive().optional(),
    }),
    result: nothing,
    token: 'exclusive',
    resource: (p) => `volume:${p.volume.id}`,
    long: true,
  }),
  endVolumeTransfer: verb({
    description: 'This host neither sends nor receives the volume any more: what it was doing has ended.',
    params: z.object({ volumeId: id }),
    result: nothing,
    token: 'exclusive',
    resource: (p) => `volume:${p.volumeId}`,
  }),
} as const;
