import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { updatePod } from '@durastack/contracts/infra/update-pod';
import { orConflict, requireRow, updateRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { pods } from '@durastack/store/lists/infra/pods.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Changes a pod. */
@Handles(updatePod)
export class UpdatePodHandler implements CommandHandler<typeof updatePod> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updatePod>): Promise<ResultOf<typeof updatePod>> {
    const tx = autocommit(this.platform.database);
    const pod = { type: 'pod', id: params.id } as const;
    await requireRow(tx, pod);
    const updated = updateRow(tx, pod, {
      name: params.name,
      gateway: params.gateway,
      netmask: params.netmask,
      start_ip: params.startIp,
      end_ip: params.endIp,
      allocation_state: params.allocationState,
    });
    await orConflict(updated, `A pod with the name ${params.name} exists already in its zone.`);
    return readOne(tx, pods, call.caller, params.id);
  }
}
