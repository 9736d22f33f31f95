import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { resetConfiguration } from '@durastack/contracts/infra/reset-configuration';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireSetting, writeSetting } from './configuration.js';

/** Puts a setting back to its default. */
@Handles(resetConfiguration)
export class ResetConfigurationHandler implements CommandHandler<typeof resetConfiguration> {
  constructor(private readonly platform: Platform) {}

  execute(_call: Call, params: ParamsOf<typeof resetConfiguration>): Promise<ResultOf<typeof resetConfiguration>> {
    return transaction(this.platform.database, async (tx) => {
      return writeSetting(tx, await requireSetting(tx, params), undefined);
    });
  }
}
