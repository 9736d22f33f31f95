/** Hosts that come and go: HA waits longer for them each time, and a person has to find out why. */
import type { Tx } from '@durastack/store/database/transaction';
import { raiseAlert, type AlertReason } from '@durastack/store/doctor/alerts';
import { readFlapping } from '@durastack/store/ha/ha-scene';

/** Why an alert is raised for each host that flaps. @param hostId only of this one */
export async function findFlapping(tx: Tx, hostId?: string): Promise<AlertReason[]> {
  return (await readFlapping(tx, hostId)).map(({ id, name, falls }) => ({
    key: `host-flaps:host/${id}`,
    resource: { type: 'host', id },
    description: `Host ${name} has fallen silent ${falls} times, each time within ten minutes of the last. Unless it is off, it has to be silent for longer now before it is fenced, so its machines are missed for longer when it really fails. Look at its network and its load, or move its machines away (prepareHostForMaintenance) until it is mended.`,
  }));
}

/** Raises the alert at once; the doctor clears it when the host has been quiet for long enough. */
export async function raiseFlapping(tx: Tx, hostId: string): Promise<void> {
  for (const reason of await findFlapping(tx, hostId)) await raiseAlert(tx, reason);
}
