import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { int, text, uuid } from '../fields.js';
import { hostView } from './host.view.js';
import { localStoragePolicy, movesAtOnce } from './prepare-host-for-maintenance.js';

/** How long each script of a host's maintenance may take, in seconds, unless a call says otherwise. */
export const DEFAULT_HOOK_S = 1_800;

/** The parameters of one host's maintenance that rolling maintenance shares. */
export const maintenanceFields = {
  payload: text('First argument of the scripts.', { max: 4_096 }).optional(),
  timeout: int(`Seconds that each script may take. Default: ${DEFAULT_HOOK_S}.`, { min: 1, max: 86_400 }).optional(),
  localStorage: localStoragePolicy,
  movesAtOnce,
} as const;

/** Takes a host through its maintenance: its owner's scripts, machines away, script, and back into use. */
export const maintainHost = defineCommand({
  name: 'maintainHost',
  domain: 'infra',
  description:
    "Takes a host through a whole maintenance: runs its owner's scripts PreFlight and PreMaintenance, moves every machine away, runs Maintenance, lets it take machines again, runs PostMaintenance. A script that ends with status 70 says that the host is to be passed over. If anything fails the host takes machines again.",
  event: 'MAINT.RUN',
  rest: { method: 'POST', path: '/hosts/{id}/maintenance-run' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The host.'), ...maintenanceFields }),
  result: hostView,
  wrapper: 'host',
  operation: { title: 'Maintain', resource: 'host', locks: {}, lifecycle: {} },
});
