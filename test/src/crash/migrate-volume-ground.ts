/** A root disk on a pool of its own, to be moved to the ground's and back. */
import { MigrateVolumeHandler } from '@durastack/api/storage/migrate-volume.command';
import { createPool, deployed, only, settle, type Ground, type Started } from './ground.js';

/** The disk of a machine that runs; its id. */
export async function diskOnItsPool(ground: Ground): Promise<string> {
  const id = await settle(ground, 'createStoragePool', await createPool(ground));
  const vmId = await only(ground, { table: 'storage_pool', id }, () => deployed(ground));
  const [disk] = await ground.world.db.query<{ id: string }>(
    "SELECT id FROM volume WHERE vm_id = ? AND kind = 'ROOT'",
    [vmId],
  );
  return disk!.id;
}

/** Asks for its move to the pool that it is not on. */
export async function migrateToOtherPool({ world, zoneId }: Ground, volumeId: string): Promise<Started> {
  const [pool] = await world.db.query<{ id: string }>(
    "SELECT p.id FROM storage_pool p JOIN volume d ON d.id = ? WHERE p.zone_id = ? AND p.state = 'Up' AND p.id <> d.pool_id",
    [volumeId, zoneId],
  );
  const params = { volumeId, storageId: pool!.id, liveMigrate: true };
  return new MigrateVolumeHandler(world.platform).execute(world.call, params);
}
