/** Machines with an ISO in their CD drive, for scenarios. */
import { AttachIsoHandler } from '@durastack/api/image/attach-iso.command';
import { DetachIsoHandler } from '@durastack/api/image/detach-iso.command';
import { deployed, registerIso, settle, type Ground, type Started } from './ground.js';

/** A machine that runs in a zone where there is an ISO. */
export async function machineBesideIso(ground: Ground): Promise<string> {
  if ((await readyIso(ground)) === undefined) await settle(ground, 'registerIso', await registerIso(ground));
  return deployed(ground);
}

async function readyIso({ world, zoneId }: Ground): Promise<string | undefined> {
  const [iso] = await world.db.query<{ id: string }>(
    "SELECT id FROM template WHERE zone_id = ? AND format = 'iso' AND state = 'Ready' ORDER BY id LIMIT 1",
    [zoneId],
  );
  return iso?.id;
}

/** Asks for that ISO in its drive. */
export async function attach(ground: Ground, id: string): Promise<Started> {
  const { world } = ground;
  const params = { id: String(await readyIso(ground)), virtualMachineId: id };
  return new AttachIsoHandler(world.platform).execute(world.call, params);
}

/** A machine that runs and has an ISO in its drive. */
export async function machineWithIso(ground: Ground): Promise<string> {
  return settle(ground, 'attachIso', await attach(ground, await machineBesideIso(ground)));
}

/** Asks for the drive to be emptied. */
export const detach = ({ world }: Ground, id: string): Promise<Started> =>
  new DetachIsoHandler(world.platform).execute(world.call, { virtualMachineId: id });
