import type { ParamsOf } from '@durastack/contracts/command';
import { deleteAlerts } from '@durastack/contracts/operations/delete-alerts';
import { transaction } from '@durastack/store/database/transaction';
import { deleteAlerts as deleteSelected } from '@durastack/store/doctor/alerts';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { selectionOf } from './alert-selection.js';

/** Deletes alerts. */
@Handles(deleteAlerts)
export class DeleteAlertsHandler implements CommandHandler<typeof deleteAlerts> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof deleteAlerts>): Promise<void> {
    const selection = selectionOf(params);
    await transaction(this.platform.database, (tx) => deleteSelected(tx, selection));
  }
}
