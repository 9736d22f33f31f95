/** Scripts of a host's owner that belong to its maintenance. */
import { z } from 'zod';

/**
 * When a script is run: before anything is done, before machines leave, while none is there, and when machines may
 * come again. The script of a stage is the executable file of that name in the host's directory of hooks.
 *
 * CloudStack: rolling.maintenance.hooks.dir, "KVM Rolling Maintenance".
 */
export const MAINTENANCE_STAGES = ['PreFlight', 'PreMaintenance', 'Maintenance', 'PostMaintenance'] as const;
/** See {@link MAINTENANCE_STAGES}. */
export type MaintenanceStage = (typeof MAINTENANCE_STAGES)[number];

/** A script that ends with this status says that its host needs no maintenance, or shall be passed over. */
export const AVOID_MAINTENANCE_STATUS = 70;

/** The longest that a script may take, in milliseconds. */
export const MAX_HOOK_MS = 24 * 3_600_000;

/** A stage to be run on a host. */
export const maintenanceHookParams = z.object({
  stage: z.enum(MAINTENANCE_STAGES),
  /** The script's first argument. */
  payload: z.string().max(4_096).optional(),
  timeoutMs: z.int().min(1_000).max(MAX_HOOK_MS),
});
/** See {@link maintenanceHookParams}. */
export type MaintenanceHookParams = z.infer<typeof maintenanceHookParams>;

/** What became of a stage. `absent`: the host has no script for it. */
export const maintenanceHookResult = z.object({
  outcome: z.enum(['absent', 'done', 'avoid']),
  /** The end of what the script wrote. */
  output: z.string().max(4_096),
});
/** See {@link maintenanceHookResult}. */
export type MaintenanceHookResult = z.infer<typeof maintenanceHookResult>;
