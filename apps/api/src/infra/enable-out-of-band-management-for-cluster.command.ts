import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { enableOutOfBandManagementForCluster } from '@durastack/contracts/infra/enable-out-of-band-management-for-cluster';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { switchClusterManagement } from './out-of-band-switch.js';

type Declared = typeof enableOutOfBandManagementForCluster;

/** Lets the management controllers of a cluster be used again, each as it is enabled for its host. */
@Handles(enableOutOfBandManagementForCluster)
export class EnableOutOfBandManagementForClusterHandler implements CommandHandler<Declared> {
  constructor(private readonly platform: Platform) {}

  execute(_call: Call, { clusterId }: ParamsOf<Declared>): Promise<ResultOf<Declared>> {
    return switchClusterManagement(this.platform.database, clusterId, true);
  }
}
