/** Verbs by which a machine goes from one host to another; see {@link VERBS}. */
import { z } from 'zod';
import {
  AWAITS_SOURCE,
  MIGRATION_SIDES,
  migrationDestination,
  migrationFigures,
  migrationFit,
  migrationNeeds,
  migrationTicket,
  movedVolumes,
  postCopy,
} from './migration.js';
import { id, POWER_STATES, vmSpec } from './specs.js';
import { verb } from './verb.js';

/** In the order in which they are used. */
export const MIGRATION_VERBS = {
  getMigrationNeeds: verb({
    description: 'What the machine, which runs here, needs of the host that it is to go to.',
    params: z.object({ vmId: id }),
    result: migrationNeeds,
    token: 'read',
  }),
  checkMigration: verb({
    description: 'Whether this host could take the running machine: processor, hypervisor, its disks.',
    params: z.object({ vm: vmSpec, needs: migrationNeeds }),
    result: migrationFit,
    token: 'read',
  }),
  receiveVm: verb({
    description:
      'Prepares networks, seed and files of the machine, lets its source in under the ticket, and lets it run here when the source says so. Done once it runs, or once post-copy begins: then it goes on by itself. A copy that never ran is gone when this ends otherwise.',
    params: migrationTicket,
    result: z.object({ power: z.enum(POWER_STATES) }),
    token: 'exclusive',
    resource: (p) => `virtual-machine:${p.vm.id}`,
    long: true,
    landmark: AWAITS_SOURCE,
  }),
  sendVm: verb({
    description:
      'Copies the running machine to the host that holds the ticket, and ends it here once it runs there. It runs on here when that fails; when nobody can tell, it is held. Done too once post-copy has begun, which nothing stops: it goes on by itself until all memory has gone.',
    params: z.object({
      vmId: id,
      destination: migrationDestination,
      /** Disks that are sent too, from where they are to where the destination has them. They stay here as they are then. */
      withVolumes: movedVolumes.optional(),
      /** How fast each of them is copied at most; memory, and what the guest writes meanwhile, is not held up. */
      bytesPerSecond: z.int().positive().optional(),
      /** Absent: memory is sent before the machine goes, however long that takes. */
      postCopy: postCopy.optional(),
    }),
    result: migrationFigures,
    token: 'exclusive',
    resource: (p) => `virtual-machine:${p.vmId}`,
    long: true,
  }),
  endMigration: verb({
    description:
      'This host works on no migration of the machine any more: what it was doing has ended, but for a post-copy that has begun. Says how the machine stands here, and how far that is; decides nothing.',
    params: z.object({ vmId: id }),
    result: z.object({
      side: z.enum(MIGRATION_SIDES),
      /** A post-copy goes on through this agent: what is seen may change by itself. */
      ongoing: z.literal(true).optional(),
      remainingBytes: z.number().min(0).optional(),
      /** What remains will never go: its stream has broken. */
      broken: z.literal(true).optional(),
    }),
    token: 'exclusive',
    resource: (p) => `virtual-machine:${p.vmId}`,
  }),
  keepVm: verb({
    description:
      'The machine that a migration holds here goes on here. Only when it is certain that no other copy runs.',
    params: z.object({ vmId: id }),
    result: z.object({ power: z.enum(POWER_STATES) }),
    token: 'exclusive',
    resource: (p) => `virtual-machine:${p.vmId}`,
  }),
} as const;
