import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { resetConfiguration } from '@durastack/contracts/infra/reset-configuration';
import { transaction } from '@durastack/store/database/transaction';
import { readClusterSettings, writeClusterSetting } from '@durastack/store/infra/cluster-settings';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { configurationOf, requireSetting } from './configuration.js';

/** Puts a setting of a cluster back to its default. */
@Handles(resetConfiguration)
export class ResetConfigurationHandler implements CommandHandler<typeof resetConfiguration> {
  constructor(private readonly platform: Platform) {}

  execute(_call: Call, params: ParamsOf<typeof resetConfiguration>): Promise<ResultOf<typeof resetConfiguration>> {
    return transaction(this.platform.database, async (tx) => {
      const setting = await requireSetting(tx, params);
      await writeClusterSetting(tx, setting, undefined);
      return configurationOf(setting.name, await readClusterSettings(tx, setting.clusterId));
    });
  }
}
