import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { createPod } from '@durastack/contracts/infra/create-pod';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict, requireRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { pods } from '@durastack/store/lists/infra/pods.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Creates a pod. */
@Handles(createPod)
export class CreatePodHandler implements CommandHandler<typeof createPod> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof createPod>): Promise<ResultOf<typeof createPod>> {
    const id = newId();
    const { database } = this.platform;
    const created = transaction(database, async (tx) => {
      // Held, so that the zone is not removed meanwhile.
      await requireRow(tx, { type: 'zone', id: params.zoneId }, { parameter: 'zoneid', lock: 'share' });
      await insertRow(tx, 'pod', {
        id,
        zone_id: params.zoneId,
        name: params.name,
        gateway: params.gateway,
        netmask: params.netmask,
        start_ip: params.startIp,
        end_ip: params.endIp,
        allocation_state: params.allocationState ?? 'Enabled',
        created_at: new Date(),
      });
    });
    await orConflict(created, `A pod with the name ${params.name} exists already in the zone ${params.zoneId}.`);
    return readOne(autocommit(database), pods, call.caller, id);
  }
}
