import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { dedicatePod } from '@durastack/contracts/infra/dedicate-pod';
import { autocommit } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { dedicatedPods } from '@durastack/store/lists/infra/dedicated-pods.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { dedicate } from './dedication.js';

/** Dedicates a pod. */
@Handles(dedicatePod)
export class DedicatePodHandler implements CommandHandler<typeof dedicatePod> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof dedicatePod>): Promise<ResultOf<typeof dedicatePod>> {
    const id = await dedicate(this.platform.database, { type: 'pod', id: params.podId }, params);
    return readOne(autocommit(this.platform.database), dedicatedPods, call.caller, id);
  }
}
