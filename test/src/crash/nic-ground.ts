/** Machines that are given interfaces, for scenarios. */
import { AddNicToVirtualMachineHandler } from '@durastack/api/compute/add-nic-to-virtual-machine.command';
import { RemoveNicFromVirtualMachineHandler } from '@durastack/api/compute/remove-nic-from-virtual-machine.command';
import { AddIpToNicHandler } from '@durastack/api/network/add-ip-to-nic.command';
import { RemoveIpFromNicHandler } from '@durastack/api/network/remove-ip-from-nic.command';
import { createNetwork, deployed, expunge, only, settle, type Ground, type Started } from './ground.js';

/** A network of the zone besides that which machines are deployed on; its id. */
async function otherNetwork(ground: Ground): Promise<string> {
  const [known] = await ground.world.db.query<{ id: string }>(
    "SELECT id FROM network WHERE zone_id = ? AND id <> ? AND state = 'Implemented' ORDER BY id LIMIT 1",
    [ground.zoneId, ground.networkId],
  );
  if (known) return known.id;
  const networkId = await createNetwork(ground);
  // From here on every host has it, as it has the ground's own.
  for (const id of ground.hostIds)
    await only(ground, { table: 'host', id }, async () => expunge(ground, await deployed({ ...ground, networkId })));
  return networkId;
}

/** A machine that runs, in whose zone there is another network. */
export async function machineBesideNetwork(ground: Ground): Promise<string> {
  await otherNetwork(ground);
  return deployed(ground);
}

/** Asks for an interface on it. */
export async function addNic(ground: Ground, id: string): Promise<Started> {
  const { world } = ground;
  const networkId = await otherNetwork(ground);
  return new AddNicToVirtualMachineHandler(world.platform).execute(world.call, { virtualMachineId: id, networkId });
}

/** A machine that runs and has two interfaces. */
export async function machineWithNics(ground: Ground): Promise<string> {
  const id = await machineBesideNetwork(ground);
  return settle(ground, 'addNicToVirtualMachine', await addNic(ground, id));
}

/** Asks for the second one's removal. */
export async function removeNic({ world }: Ground, id: string): Promise<Started> {
  const [nic] = await world.db.query<{ id: string }>('SELECT id FROM nic WHERE vm_id = ? AND is_default = 0', [id]);
  return new RemoveNicFromVirtualMachineHandler(world.platform).execute(world.call, {
    virtualMachineId: id,
    nicId: nic!.id,
  });
}

/** Asks for one more address of a machine's interface. */
export async function addIp({ world }: Ground, id: string): Promise<Started> {
  const [nic] = await world.db.query<{ id: string }>('SELECT id FROM nic WHERE vm_id = ?', [id]);
  return new AddIpToNicHandler(world.platform).execute(world.call, { nicId: nic!.id });
}

/** A machine that runs and has a secondary address. */
export async function machineWithSecondaryIp(ground: Ground): Promise<string> {
  const id = await deployed(ground);
  return settle(ground, 'addIpToNic', await addIp(ground, id));
}

/** Asks for that address to be taken away. */
export async function removeIp({ world }: Ground, id: string): Promise<Started> {
  const [address] = await world.db.query<{ id: string }>(
    'SELECT s.id FROM nic n JOIN nic_secondary_ip s ON s.nic_id = n.id WHERE n.vm_id = ?',
    [id],
  );
  return new RemoveIpFromNicHandler(world.platform).execute(world.call, { id: address!.id });
}
