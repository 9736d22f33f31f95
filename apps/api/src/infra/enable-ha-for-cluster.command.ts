import type { ParamsOf } from '@durastack/contracts/command';
import { enableHAForCluster } from '@durastack/contracts/infra/enable-ha-for-cluster';
import { allowHa } from '@durastack/store/ha/host-ha';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Enables HA for a cluster. */
@Handles(enableHAForCluster)
export class EnableHAForClusterHandler implements CommandHandler<typeof enableHAForCluster> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof enableHAForCluster>): Promise<void> {
    await allowHa(this.platform.database, { type: 'cluster', id: params.clusterId }, true);
  }
}
