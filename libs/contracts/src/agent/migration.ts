/**
 * What hosts are told of a live migration, and what they say about it.
 *
 * The destination opens a ticket: for one machine, one source host, once, for a while. The source's agent shows it over
 * mutual TLS under its own certificate and may then do three things: hand over the machine's description, send its
 * memory, and say that it may run. No libvirtd is ever reached from another host.
 */
import { z } from 'zod';
import { id, MAX_DATA_VOLUMES, vmSpec } from './specs.js';

/** Disks that go along with their machine: the root disk and data disks. */
export const movedVolumes = z.array(id).max(MAX_DATA_VOLUMES + 1);

/** Where and under which ticket a machine is received. */
export const migrationDestination = z.object({
  hostId: id,
  /** Where its agent listens: `agent://host:port`. */
  url: z.string().max(300),
  ticket: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
/** See {@link migrationDestination}. */
export type MigrationDestination = z.infer<typeof migrationDestination>;

/** What the destination lets in. */
export const migrationTicket = z.object({
  vm: vmSpec,
  /** Only this host's certificate is let in. */
  sourceHostId: id,
  ticket: migrationDestination.shape.ticket,
  /** The source must come within this. */
  validForMs: z.int().min(1).max(3_600_000),
  /** Disks of the machine whose content the source sends too: at their places here there are empty ones, as large. */
  withVolumes: movedVolumes.optional(),
  /** The source may let the machine run here before its memory is complete. */
  postCopy: z.literal(true).optional(),
});
/** See {@link migrationTicket}. */
export type MigrationTicket = z.infer<typeof migrationTicket>;

/** What `receiveVm` says of itself from when it lets the source in: to a source that comes before that nobody is there. */
export const AWAITS_SOURCE = 'waiting for the source';

/** What a running machine needs of a processor and a hypervisor, as its host describes it. */
export const migrationNeeds = z.object({
  running: z.boolean(),
  hypervisor: z.enum(['KVM', 'Simulator']),
  accelerator: z.enum(['kvm', 'tcg', 'none']),
  hypervisorVersion: z.string().max(64),
  /** The processor that its guest sees, in the hypervisor's own words. */
  cpu: z.string().max(65_536),
});
/** See {@link migrationNeeds}. */
export type MigrationNeeds = z.infer<typeof migrationNeeds>;

/**
 * When memory is fetched after the machine instead of before it: once so much time has gone by and all of it was sent
 * once, and the rest is still too much.
 */
export const postCopy = z.object({ afterMs: z.int().min(0).max(86_400_000) });

/** Whether a host can take a machine; what is said follows the host's name in a sentence. */
export const migrationFit = z.object({
  suitable: z.boolean(),
  reason: z.string().max(2_000).optional(),
  /** Why a machine cannot run here before its memory is complete; absent: it can. */
  noPostCopy: z.string().max(2_000).optional(),
});
/** See {@link migrationFit}. */
export type MigrationFit = z.infer<typeof migrationFit>;

/**
 * A machine on one side of a migration whose agents have stopped working on it.
 *
 * - `running`, `paused` (by a person, by an error), `off`, `absent`: as ever
 * - `held`: paused by the migration. At the source: everything may have been sent, and it is not known whether the other
 *   copy runs. At the destination: a copy that never ran.
 *
 * By post-copy, from its beginning:
 *
 * - `left`: paused for good: its guest went on to the other host, which fetches the rest of its memory from here
 * - `arriving`: it runs, and its memory is still being fetched
 * - `stranded`: as that, and nothing comes any more: its guest stands still, sooner or later, and for good
 */
export const MIGRATION_SIDES = ['running', 'paused', 'off', 'absent', 'held', 'left', 'arriving', 'stranded'] as const;
/** See {@link MIGRATION_SIDES}. */
export type MigrationSide = (typeof MIGRATION_SIDES)[number];

/** How a machine was sent. */
export const migrationFigures = z.object({
  totalMs: z.number().min(0),
  /** How long the guest stood still, as the hypervisor measured it. */
  downtimeMs: z.number().min(0),
  /** Memory that was sent. */
  sentBytes: z.number().min(0),
  /** Of the total, what went by inside of the two hypervisors: the rest is what moving by agents adds. */
  hypervisorMs: z.number().min(0),
  /** By post-copy: the guest went over after so long. What is said besides is of that moment; memory follows. */
  switchedMs: z.number().min(0).optional(),
});
/** See {@link migrationFigures}. */
export type MigrationFigures = z.infer<typeof migrationFigures>;
