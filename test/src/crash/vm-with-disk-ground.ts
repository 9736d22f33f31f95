/** Machines that go together with their data disks, for scenarios. */
import { DestroyVirtualMachineHandler } from '@durastack/api/compute/destroy-virtual-machine.command';
import { deployed, type Ground, type Started } from './ground.js';
import { attachedVolume } from './volume-ground.js';

/** A machine that runs with a data disk; its id. */
export async function machineWithDisk(ground: Ground): Promise<string> {
  const vmId = await deployed(ground);
  await attachedVolume(ground);
  return vmId;
}

/** Asks to destroy a machine and all its data disks. */
export async function destroyWithDisks({ world }: Ground, id: string, expunge = false): Promise<Started> {
  const disks = await world.db.query<{ id: string }>(
    "SELECT id FROM volume WHERE vm_id = ? AND kind = 'DATADISK' ORDER BY device_id",
    [id],
  );
  const params = { id, expunge, volumeIds: disks.map((disk) => disk.id) };
  return new DestroyVirtualMachineHandler(world.platform).execute(world.call, params);
}
