import type { ParamsOf } from '@durastack/contracts/command';
import { releaseDedicatedCluster } from '@durastack/contracts/infra/release-dedicated-cluster';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { releaseDedicated } from './dedication.js';

/** Ends the dedication of a cluster. */
@Handles(releaseDedicatedCluster)
export class ReleaseDedicatedClusterHandler implements CommandHandler<typeof releaseDedicatedCluster> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof releaseDedicatedCluster>): Promise<void> {
    await releaseDedicated(autocommit(this.platform.database), { type: 'cluster', id: params.clusterId });
  }
}
