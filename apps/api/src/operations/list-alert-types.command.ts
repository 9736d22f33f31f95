import type { ResultOf } from '@durastack/contracts/command';
import { listAlertTypes } from '@durastack/contracts/operations/list-alert-types';
import { ALERT_TYPES } from '@durastack/store/doctor/alerts';
import { Handles, type CommandHandler } from '../catalogue/handles.js';

/** Lists the kinds of alerts that are raised here. */
@Handles(listAlertTypes)
export class ListAlertTypesHandler implements CommandHandler<typeof listAlertTypes> {
  async execute(): Promise<readonly ResultOf<typeof listAlertTypes>[]> {
    return Object.values(ALERT_TYPES);
  }
}
