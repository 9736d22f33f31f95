import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { getHostMaintenancePlan } from '@durastack/contracts/infra/get-host-maintenance-plan';
import { planDrain } from '@durastack/model/maintenance/plan-drain';
import { requireRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { readDrainPlan } from '@durastack/store/infra/drain-scene';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Plans the drain of a host, and does nothing about it. */
@Handles(getHostMaintenancePlan)
export class GetHostMaintenancePlanHandler implements CommandHandler<typeof getHostMaintenancePlan> {
  constructor(private readonly platform: Platform) {}

  async execute(
    _: Call,
    { id, localStorage }: ParamsOf<typeof getHostMaintenancePlan>,
  ): Promise<ResultOf<typeof getHostMaintenancePlan>> {
    const tx = autocommit(this.platform.database);
    const host = await requireRow<{ name: string; zone_id: string }>(
      tx,
      { type: 'host', id },
      { where: "state <> 'Removed'" },
    );
    const rows = await readDrainPlan(tx, OVERCOMMIT, { id, zoneId: host.zone_id });
    const planned = planDrain({ ...rows, localStorage: localStorage ?? 'refuse' });
    return {
      id,
      name: host.name,
      possible: planned.every(({ obstacle }) => obstacle === undefined),
      machines: planned.map(({ resident, way, destination, obstacle }) => ({
        virtualMachineId: resident.vmId,
        name: resident.name,
        way,
        ...(destination ? { destinationId: destination.id, destinationName: destination.name } : {}),
        ...(obstacle === undefined ? {} : { obstacle }),
      })),
    };
  }
}
