import type { ParamsOf } from '@durastack/contracts/command';
import { disableHAForCluster } from '@durastack/contracts/infra/disable-ha-for-cluster';
import { allowHa } from '@durastack/store/ha/host-ha';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Disables HA for a cluster. */
@Handles(disableHAForCluster)
export class DisableHAForClusterHandler implements CommandHandler<typeof disableHAForCluster> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof disableHAForCluster>): Promise<void> {
    await allowHa(this.platform.database, { type: 'cluster', id: params.clusterId }, false);
  }
}
