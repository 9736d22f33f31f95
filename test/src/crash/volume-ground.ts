/** Data disks for scenarios. */
import { AttachVolumeHandler } from '@durastack/api/storage/attach-volume.command';
import { CreateVolumeHandler } from '@durastack/api/storage/create-volume.command';
import { DetachVolumeHandler } from '@durastack/api/storage/detach-volume.command';
import { newId } from '@durastack/kit/ids/new-id';
import { deployed, settle, type Ground, type Started } from './ground.js';

/** An offering that leaves the size open. */
async function diskOfferingId({ world }: Ground): Promise<string> {
  const [known] = await world.db.query<{ id: string }>("SELECT id FROM disk_offering WHERE name = 'any size'");
  if (known) return known.id;
  const id = newId();
  await world.db.execute(
    "INSERT INTO disk_offering (id, name, display_text, size_bytes, customized, storage_type, created_at) VALUES (?, 'any size', 'any size', 0, 1, 'shared', NOW(3))",
    [id],
  );
  return id;
}

async function ask(ground: Ground, place: { storageId?: string }): Promise<Started> {
  const { world, zoneId } = ground;
  const params = { zoneId, diskOfferingId: await diskOfferingId(ground), size: 1, ...place };
  return new CreateVolumeHandler(world.platform).execute(world.call, params);
}

/** Asks for a disk of 1 GiB, at once on the ground's pool. */
export const createVolume = (ground: Ground): Promise<Started> => ask(ground, { storageId: ground.poolId });

/** A disk that was never attached. */
const allocatedVolume = async (ground: Ground): Promise<string> =>
  settle(ground, 'createVolume', await ask(ground, {}));

/** A machine that runs, and a disk for it; the disk's id. */
export async function machineAndVolume(ground: Ground): Promise<string> {
  await deployed(ground);
  return allocatedVolume(ground);
}

/** The machine that was deployed last. */
async function lastVm({ world, zoneId }: Ground): Promise<string> {
  const [row] = await world.db.query<{ id: string }>(
    'SELECT id FROM virtual_machine WHERE zone_id = ? ORDER BY created_at DESC, id DESC LIMIT 1',
    [zoneId],
  );
  return row!.id;
}

/** Asks to attach a disk to the machine that was deployed last. */
export async function attach(ground: Ground, id: string): Promise<Started> {
  const { world } = ground;
  const params = { id, virtualMachineId: await lastVm(ground) };
  return new AttachVolumeHandler(world.platform).execute(world.call, params);
}

/** A new disk of the machine that was deployed last; its id. */
export async function attachedVolume(ground: Ground): Promise<string> {
  const id = await allocatedVolume(ground);
  return settle(ground, 'attachVolume', await attach(ground, id));
}

/** A disk that exists on its pool and that no machine has; its id. */
export async function detachedVolume(ground: Ground): Promise<string> {
  await deployed(ground);
  const id = await attachedVolume(ground);
  const { world } = ground;
  return settle(ground, 'detachVolume', await new DetachVolumeHandler(world.platform).execute(world.call, { id }));
}
