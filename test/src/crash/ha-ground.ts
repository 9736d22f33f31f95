/** Hosts that have lost their power, and come back. */
import { repairPowerDrift } from '@durastack/activities/loops/power-drift';
import { FailOverVirtualMachineHandler } from '@durastack/api/compute/fail-over-virtual-machine.command';
import { FailOverHostHandler } from '@durastack/api/infra/fail-over-host.command';
import { ReinstateHostHandler } from '@durastack/api/infra/reinstate-host.command';
import { newId } from '@durastack/kit/ids/new-id';
import { eventually } from '../support/basis.js';
import { deployed, expunge, settle, type Ground, type Started } from './ground.js';

/** Asks for it to be fenced, and for its machines to be started elsewhere. */
export const failOver = ({ world }: Ground, id: string): Promise<Started> =>
  new FailOverHostHandler(world.platform).execute(world.call, { id });

/** Asks for it to be taken back. */
export const reinstate = ({ world }: Pick<Ground, 'world'>, id: string): Promise<Started> =>
  new ReinstateHostHandler(world.platform).execute(world.call, { id });

/** Asks for a machine of a fenced host to be started elsewhere. */
export const failOverVm = ({ world }: Ground, id: string): Promise<Started> =>
  new FailOverVirtualMachineHandler(world.platform).execute(world.call, { id });

/** A host without power that an administrator has declared lost, with the only machine of the ground, for which HA cares. */
export async function deadHost(ground: Ground): Promise<string> {
  const { db } = ground.world;
  const old = await db.query<{ id: string }>(
    "SELECT id FROM virtual_machine WHERE zone_id = ? AND state <> 'Expunged'",
    [ground.zoneId],
  );
  for (const { id } of old) await expunge(ground, id);
  const vmId = await deployed({ ...ground, offeringId: await haOffering(ground) });
  const [vm] = await db.query<{ hostId: string }>('SELECT host_id AS hostId FROM virtual_machine WHERE id = ?', [vmId]);
  const hostId = vm!.hostId;
  await setPower(ground, hostId, false);
  await db.execute(
    "UPDATE host SET state = 'Disconnected', last_heartbeat_at = NOW(3) - INTERVAL 1 HOUR WHERE id = ?",
    [hostId],
  );
  await db.execute(
    `INSERT INTO host_fence (host_id, fence_epoch, boot_id_before, is_held_off, declared_lost_at, declared_lost_by, created_at)
       SELECT id, fence_epoch, boot_id, 0, NOW(3), 'admin/admin', NOW(3) FROM host WHERE id = ?`,
    [hostId],
  );
  return hostId;
}

/** A host that was fenced, and has power again; its id. */
export async function returnedHost(ground: Ground): Promise<string> {
  const hostId = await settle(ground, 'failOverHost', await failOver(ground, await deadHost(ground)));
  await restart(ground, hostId);
  return hostId;
}

/** A machine of a fenced host whose old copy is proven dead, and that nobody has started elsewhere yet; its id. */
export async function lostVm(ground: Ground): Promise<string> {
  const hostId = await deadHost(ground);
  const { db } = ground.world;
  await db.execute("UPDATE host SET state = 'Down' WHERE id = ?", [hostId]);
  const [vm] = await db.query<{ id: string }>('SELECT id FROM virtual_machine WHERE host_id = ?', [hostId]);
  await db.execute(
    `INSERT INTO lost_machine (id, vm_id, host_id, operation_id, proven_at, wants_restart, created_at) VALUES (?, ?, ?, ?, NOW(3), 1, NOW(3))`,
    [newId(), vm!.id, hostId, newId()],
  );
  return vm!.id;
}

/** Every host of the ground has power and is used, whatever became of it. */
export async function reviveHosts(ground: Ground): Promise<void> {
  const { db } = ground.world;
  const all = await db.query<{ id: string }>("SELECT id FROM host WHERE zone_id = ? AND state <> 'Removed'", [
    ground.zoneId,
  ]);
  const lost = await db.query<{ id: string }>(
    "SELECT id FROM host WHERE zone_id = ? AND (state = 'Down' OR last_heartbeat_at < NOW(3) - INTERVAL 30 MINUTE)",
    [ground.zoneId],
  );
  for (const { id } of lost) {
    await restart(ground, id);
    await db.execute("UPDATE host SET state = 'Down', last_heartbeat_at = NOW(3) WHERE id = ?", [id]);
    await settle(ground, 'reinstateHost', await reinstate(ground, id));
  }
  if (all.length === 0) return;
  // As the first heartbeat and the repair of drift would.
  for (const { id } of lost) {
    await db.execute("UPDATE virtual_machine SET observed_power = 'off' WHERE host_id = ? AND state = 'Running'", [id]);
    await repairPowerDrift(ground.world.database.source, ground.world.agents);
  }
  const ids = all.map(({ id }) => id);
  for (const table of ['lost_machine', 'host_fence'])
    await db.execute(`DELETE FROM ${table} WHERE host_id IN (?)`, [ids]);
  await db.execute('UPDATE host SET fence_epoch = 0 WHERE id IN (?)', [ids]);
}

/** It is started anew, and its new boot is known. */
export async function restart(ground: Ground, hostId: string): Promise<void> {
  await setPower(ground, hostId, false);
  await setPower(ground, hostId, true);
  // Who was silent is asked again only now and then, until it has answered.
  const { bootId } = await eventually(`${hostId} answering again`, () =>
    ground.world.agents.readFenced(hostId, 'getFacts', {}, 2_000).catch(() => undefined),
  );
  await ground.world.db.execute('UPDATE host SET boot_id = ? WHERE id = ?', [bootId, hostId]);
}

const setPower = ({ world }: Ground, hostId: string, on: boolean): Promise<void> =>
  world.simulate(`/hosts/${hostId}/power`, { on });

async function haOffering({ world: { db } }: Ground): Promise<string> {
  const [known] = await db.query<{ id: string }>("SELECT id FROM service_offering WHERE name = 'ha'");
  if (known) return known.id;
  const id = newId();
  await db.execute(
    `INSERT INTO service_offering (id, name, display_text, cpu_count, cpu_mhz, memory_mib, storage_type, offer_ha, removed, created_at)
       SELECT ?, 'ha', 'ha', cpu_count, cpu_mhz, memory_mib, storage_type, 1, 0, NOW(3) FROM service_offering WHERE name = 'Tiny Instance'`,
    [id],
  );
  return id;
}

/** What a machine that was moved off its lost host, and found no other, has lost there. */
export const IS_STOPPED: readonly string[] = [
  '~ virtual_machine state: Running → Stopped',
  '~ virtual_machine host_id: host → none',
  '~ virtual_machine last_host_id: none → host',
  '~ virtual_machine observed_power: off → absent',
  '- reservation virtual_machine run host',
  '~ host cpu_mhz_reserved: by -500',
  '~ host memory_mib_reserved: by -128',
  '+ host_obligation',
];
