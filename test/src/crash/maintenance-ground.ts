/** Hosts that are to be maintained. */
import { CancelHostMaintenanceHandler } from '@durastack/api/infra/cancel-host-maintenance.command';
import { MaintainHostHandler } from '@durastack/api/infra/maintain-host.command';
import { PrepareHostForMaintenanceHandler } from '@durastack/api/infra/prepare-host-for-maintenance.command';
import { StartRollingMaintenanceHandler } from '@durastack/api/infra/start-rolling-maintenance.command';
import { deployed, expunge, settle, type Ground, type Started } from './ground.js';

/** Asks for a host to be emptied. */
export const prepareHost = ({ world }: Ground, id: string): Promise<Started> =>
  new PrepareHostForMaintenanceHandler(world.platform).execute(world.call, { id });

/** Asks for a host to be used again. */
export const cancelMaintenance = ({ world }: Pick<Ground, 'world'>, id: string): Promise<Started> =>
  new CancelHostMaintenanceHandler(world.platform).execute(world.call, { id });

/** Asks for all of a host's maintenance. */
export const maintain = ({ world }: Ground, id: string): Promise<Started> =>
  new MaintainHostHandler(world.platform).execute(world.call, { id });

/** Asks for the maintenance of every host of the ground, this one last. Two have no reserve, so it is forced. */
export const rollOver = ({ world, hostIds }: Ground, id: string): Promise<Started> =>
  new StartRollingMaintenanceHandler(world.platform).execute(world.call, {
    hostIds: [...hostIds.filter((other) => other !== id), id],
    forced: true,
  });

/** What a machine that has left leaves behind and takes along. */
export const HAS_LEFT: readonly string[] = [
  '~ virtual_machine last_host_id: none → host',
  ...[
    'cpu_mhz_reserved: by -500',
    'cpu_mhz_reserved: by 500',
    'memory_mib_reserved: by -128',
    'memory_mib_reserved: by 128',
  ].map((change) => `~ host ${change}`),
  ...['-', '+'].map((sign) => `${sign} reservation virtual_machine run host`),
  '- domain virtual_machine on host',
  '+ domain virtual_machine on host running',
];

/** A host with the only machine of the ground; its id. */
export async function occupiedHost(ground: Ground): Promise<string> {
  const { db } = ground.world;
  const old = await db.query<{ id: string }>(
    "SELECT id FROM virtual_machine WHERE zone_id = ? AND state <> 'Expunged'",
    [ground.zoneId],
  );
  for (const { id } of old) await expunge(ground, id);
  const vmId = await deployed(ground);
  const [vm] = await db.query<{ hostId: string }>('SELECT host_id AS hostId FROM virtual_machine WHERE id = ?', [vmId]);
  return vm!.hostId;
}

/** A host in maintenance, while its only machine is elsewhere; its id. */
export async function maintainedHost(ground: Ground): Promise<string> {
  const id = await occupiedHost(ground);
  return settle(ground, 'prepareHostForMaintenance', await prepareHost(ground, id));
}

/** Lets every host of the ground take machines again. */
export async function endMaintenance(ground: Ground): Promise<void> {
  const closed = await ground.world.db.query<{ id: string }>(
    "SELECT id FROM host WHERE zone_id = ? AND allocation_state IN ('PrepareForMaintenance', 'Maintenance')",
    [ground.zoneId],
  );
  for (const { id } of closed) await settle(ground, 'cancelHostMaintenance', await cancelMaintenance(ground, id));
}
