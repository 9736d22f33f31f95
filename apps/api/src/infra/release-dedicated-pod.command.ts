import type { ParamsOf } from '@durastack/contracts/command';
import { releaseDedicatedPod } from '@durastack/contracts/infra/release-dedicated-pod';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { releaseDedicated } from './dedication.js';

/** Ends the dedication of a pod. */
@Handles(releaseDedicatedPod)
export class ReleaseDedicatedPodHandler implements CommandHandler<typeof releaseDedicatedPod> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof releaseDedicatedPod>): Promise<void> {
    await releaseDedicated(autocommit(this.platform.database), { type: 'pod', id: params.podId });
  }
}
