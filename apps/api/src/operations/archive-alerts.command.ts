import type { ParamsOf } from '@durastack/contracts/command';
import { archiveAlerts } from '@durastack/contracts/operations/archive-alerts';
import { transaction } from '@durastack/store/database/transaction';
import { archiveAlerts as archiveSelected } from '@durastack/store/doctor/alerts';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { selectionOf } from './alert-selection.js';

/** Hides alerts from the list. */
@Handles(archiveAlerts)
export class ArchiveAlertsHandler implements CommandHandler<typeof archiveAlerts> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof archiveAlerts>): Promise<void> {
    const selection = selectionOf(params);
    await transaction(this.platform.database, (tx) => archiveSelected(tx, selection));
  }
}
