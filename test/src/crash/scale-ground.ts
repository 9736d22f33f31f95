/** Machines that grow, for scenarios. */
import { ScaleVirtualMachineHandler } from '@durastack/api/compute/scale-virtual-machine.command';
import { newId } from '@durastack/kit/ids/new-id';
import { deployed, type Ground, type Started } from './ground.js';

/** A size that lets machines grow; its id. */
async function offering({ world }: Ground, { cpuCount, memoryMib }: { cpuCount: number; memoryMib: number }) {
  const name = `${cpuCount} x ${memoryMib}`;
  const [known] = await world.db.query<{ id: string }>('SELECT id FROM service_offering WHERE name = ?', [name]);
  if (known) return known.id;
  const id = newId();
  await world.db.execute(
    `INSERT INTO service_offering (id, name, display_text, cpu_count, cpu_mhz, memory_mib, storage_type, dynamic_scaling, created_at)
     VALUES (?, ?, ?, ?, 500, ?, 'shared', 1, NOW(3))`,
    [id, name, name, cpuCount, memoryMib],
  );
  return id;
}

/** A machine that runs and was started with room to grow. */
export async function scalableVm(ground: Ground): Promise<string> {
  await ground.world.db.execute('UPDATE template SET is_dynamically_scalable = 1 WHERE id = ?', [ground.templateId]);
  return deployed({ ...ground, offeringId: await offering(ground, { cpuCount: 1, memoryMib: 512 }) });
}

/** Asks for more of both. */
export async function scale(ground: Ground, id: string): Promise<Started> {
  const { world } = ground;
  const serviceOfferingId = await offering(ground, { cpuCount: 2, memoryMib: 768 });
  return new ScaleVirtualMachineHandler(world.platform).execute(world.call, { id, serviceOfferingId });
}
