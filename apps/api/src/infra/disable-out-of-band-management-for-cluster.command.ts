import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { disableOutOfBandManagementForCluster } from '@durastack/contracts/infra/disable-out-of-band-management-for-cluster';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { switchClusterManagement } from './out-of-band-switch.js';

type Declared = typeof disableOutOfBandManagementForCluster;

/** Lets no management controller of a cluster be used, whatever is enabled for its hosts. */
@Handles(disableOutOfBandManagementForCluster)
export class DisableOutOfBandManagementForClusterHandler implements CommandHandler<Declared> {
  constructor(private readonly platform: Platform) {}

  execute(_call: Call, { clusterId }: ParamsOf<Declared>): Promise<ResultOf<Declared>> {
    return switchClusterManagement(this.platform.database, clusterId, false);
  }
}
