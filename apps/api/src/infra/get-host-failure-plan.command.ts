import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { getHostFailurePlan } from '@durastack/contracts/infra/get-host-failure-plan';
import { planRestarts } from '@durastack/model/ha/plan-restarts';
import { readNeeds } from '@durastack/store/compute/placement-needs';
import { readZoneSnapshot } from '@durastack/store/compute/placement-rows';
import { requireRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { readEndangered, readHaObstacle } from '@durastack/store/ha/failover-rows';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Plans the restart of a host's machines, and does nothing about it. */
@Handles(getHostFailurePlan)
export class GetHostFailurePlanHandler implements CommandHandler<typeof getHostFailurePlan> {
  constructor(private readonly platform: Platform) {}

  async execute(_: Call, { id }: ParamsOf<typeof getHostFailurePlan>): Promise<ResultOf<typeof getHostFailurePlan>> {
    const tx = autocommit(this.platform.database);
    const host = await requireRow<{ name: string; zone_id: string }>(
      tx,
      { type: 'host', id },
      { where: "state <> 'Removed'" },
    );
    const machines = await readEndangered(tx, id);
    const restarting = machines.filter(({ offersHa }) => offersHa).map(({ vmId }) => vmId);
    const needs = await readNeeds(tx, restarting);
    const snapshot = await readZoneSnapshot(tx, OVERCOMMIT, host.zone_id);
    const planned = planRestarts({ hostId: id, machines, needs, snapshot });
    const haObstacle = await readHaObstacle(tx, id);
    return {
      id,
      name: host.name,
      possible: planned.every(({ restarts, destination }) => !restarts || destination !== undefined),
      ...(haObstacle === undefined ? {} : { haObstacle }),
      machines: planned.map(({ machine, restarts, destination, obstacle }) => ({
        virtualMachineId: machine.vmId,
        name: machine.name,
        haPriority: machine.haPriority,
        restarts,
        ...(destination ? { destinationId: destination.id, destinationName: destination.name } : {}),
        ...(obstacle === undefined ? {} : { obstacle }),
      })),
    };
  }
}
