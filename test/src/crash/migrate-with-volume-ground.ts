/** A machine whose disk its host alone reaches, to be moved with it to the other host's own pool and back. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MigrateVirtualMachineWithVolumeHandler } from '@durastack/api/compute/migrate-virtual-machine-with-volume.command';
import { CreateStoragePoolHandler } from '@durastack/api/storage/create-storage-pool.command';
import { newId } from '@durastack/kit/ids/new-id';
import { deployed, only, settle, stop, type Ground, type Started } from './ground.js';

/** A pool of one host alone; its id. */
async function ownPool(ground: Ground, hostId: string): Promise<string> {
  const { world, zoneId } = ground;
  const name = `own-${newId()}`;
  const path = join(world.directory, name);
  mkdirSync(path);
  const params = { zoneId, hostId, name, url: `file://${path}` };
  const started = await new CreateStoragePoolHandler(world.platform).execute(world.call, params);
  return settle(ground, 'createStoragePool', started);
}

/** The machine, which runs; its id. Each host has a pool of its own. */
export async function machineOnItsDisk(ground: Ground): Promise<string> {
  const [id] = [await ownPool(ground, ground.hostIds[0]!), await ownPool(ground, ground.hostIds[1]!)];
  return only(ground, { table: 'storage_pool', id }, () => deployed(ground));
}

/** As {@link machineOnItsDisk}, stopped: its disk goes from host to host by itself. */
export async function stoppedMachineOnItsDisk(ground: Ground): Promise<string> {
  const id = await machineOnItsDisk(ground);
  await settle(ground, 'stopVirtualMachine', await stop(ground, id));
  return id;
}

/** Asks for its move to the host that its disk is not on, to that one's own pool. */
export async function migrateWithDisk({ world }: Ground, vmId: string): Promise<Started> {
  const [target] = await world.db.query<{ hostId: string; poolId: string; volumeId: string }>(
    `SELECT p.host_id AS hostId, p.id AS poolId, d.id AS volumeId FROM virtual_machine v JOIN volume d ON d.vm_id = v.id
       JOIN storage_pool s ON s.id = d.pool_id
       JOIN storage_pool p ON p.zone_id = v.zone_id AND p.state = 'Up' AND p.host_id IS NOT NULL AND p.host_id <> s.host_id
      WHERE v.id = ? ORDER BY p.created_at DESC LIMIT 1`,
    [vmId],
  );
  const { hostId, poolId: pool, volumeId: volume } = target!;
  const params = { virtualMachineId: vmId, hostId, migrateTo: [{ volume, pool }] };
  return new MigrateVirtualMachineWithVolumeHandler(world.platform).execute(world.call, params);
}

/** Asks for its move to the host that it is not on, with its disk to the pool on Ceph, which all hosts reach. */
export async function migrateIntoCeph({ world, hostIds, poolId: pool }: Ground, vmId: string): Promise<Started> {
  const [on] = await world.db.query<{ hostId: string; volume: string }>(
    'SELECT v.host_id AS hostId, d.id AS volume FROM virtual_machine v JOIN volume d ON d.vm_id = v.id WHERE v.id = ?',
    [vmId],
  );
  const { hostId: from, volume } = on!;
  const hostId = hostIds.find((id) => id !== from)!;
  const params = { virtualMachineId: vmId, hostId, migrateTo: [{ volume, pool }] };
  return new MigrateVirtualMachineWithVolumeHandler(world.platform).execute(world.call, params);
}
