import { readFailoverRoom } from '@durastack/activities/ha/shortages';
import type { Logger } from '@durastack/kit/log/logger';
import { autocommit } from '@durastack/store/database/transaction';
import { Gauge, type Registry } from 'prom-client';

type Database = Parameters<typeof autocommit>[0];
type Room = Awaited<ReturnType<typeof readFailoverRoom>>[number];

const MIB = 1_048_576;
const HZ_PER_MHZ = 1_000_000;

const GAUGES: readonly { readonly unit: string; readonly what: string; readonly of: (room: Room) => number }[] = [
  { unit: 'bytes', what: 'Memory', of: ({ memoryMib }) => memoryMib * MIB },
  { unit: 'hertz', what: 'Processor capacity', of: ({ cpuMhz }) => cpuMhz * HZ_PER_MHZ },
];

/** The room that each cluster has for the loss of one host (N+1); the same from every worker. */
export function registerFailoverMetrics(register: Registry, source: Database, log: Logger): void {
  for (const { unit, what, of } of GAUGES)
    new Gauge({
      name: `durastack_cluster_failover_room_${unit}`,
      help: `${what} left in a cluster after the loss of the hardest host; negative: what its machines with HA would lack`,
      labelNames: ['cluster', 'cluster_id'],
      registers: [register],
      async collect() {
        // Clusters come and go, and what cannot be read is not shown as it was.
        this.reset();
        try {
          for (const room of await readFailoverRoom(autocommit(source)))
            this.set({ cluster: room.clusterName, cluster_id: room.clusterId }, of(room));
        } catch (error) {
          log.debug({ error }, 'the room for the loss of a host could not be read');
        }
      },
    });
}
