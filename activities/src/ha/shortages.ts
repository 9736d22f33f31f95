import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { failoverRoom, type FailoverRoom } from '@durastack/model/ha/failover-room';
import type { Tx } from '@durastack/store/database/transaction';
import type { AlertReason } from '@durastack/store/doctor/alerts';
import { readFailoverHosts } from '@durastack/store/ha/failover-rows';

/** How much room each cluster has for the loss of one host, at this moment. */
export async function readFailoverRoom(tx: Tx): Promise<FailoverRoom[]> {
  return failoverRoom(await readFailoverHosts(tx, OVERCOMMIT));
}

/** Clusters that could not restart the machines of one of their hosts. */
export async function findShortages(tx: Tx): Promise<AlertReason[]> {
  return (await readFailoverRoom(tx))
    .filter(({ isShort }) => isShort)
    .map((room) => ({
      key: `no-failover-room:cluster/${room.clusterId}`,
      resource: { type: 'cluster', id: room.clusterId },
      description: `Cluster ${room.clusterName} has no room for the loss of a host: without ${room.hardest.name} it ${lack(room)}. "dura whatif host-down ${room.hardest.name}" tells which machines would wait.`,
    }));
}

function lack({ cpuMhz, memoryMib }: FailoverRoom): string {
  const lacks = [
    ...(memoryMib < 0 ? [`${-memoryMib} MiB of memory`] : []),
    ...(cpuMhz < 0 ? [`${-cpuMhz} MHz of processors`] : []),
  ];
  return `lacks ${lacks.join(' and ')} for the machines that are to be restarted`;
}
