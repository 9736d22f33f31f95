import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { updateConfiguration } from '@durastack/contracts/infra/update-configuration';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { ALLOWED_SOURCES, requireAllowedSource } from '../identity/allowed-sources.js';
import { requireSetting, writeSetting } from './configuration.js';

/** Changes a setting. */
@Handles(updateConfiguration)
export class UpdateConfigurationHandler implements CommandHandler<typeof updateConfiguration> {
  constructor(private readonly platform: Platform) {}

  execute(
    { caller }: Call,
    params: ParamsOf<typeof updateConfiguration>,
  ): Promise<ResultOf<typeof updateConfiguration>> {
    return transaction(this.platform.database, async (tx) => {
      const setting = await requireSetting(tx, params);
      if (params.value === undefined)
        throw new DurastackError('INVALID_INPUT', `Give the value that ${setting.name} is to have (value).`);
      const written = await writeSetting(tx, setting, params.value);
      // Who shuts out itself could not open again.
      if (written.name === ALLOWED_SOURCES) await requireAllowedSource(tx, caller);
      return written;
    });
  }
}
