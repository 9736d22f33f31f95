import type { ParamsOf } from '@durastack/contracts/command';
import { deleteEvents } from '@durastack/contracts/operations/delete-events';
import { deleteEvents as deleteSelected } from '@durastack/store/operations/event-records';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireSelection } from './event-selection.js';

/** Deletes events. */
@Handles(deleteEvents)
export class DeleteEventsHandler implements CommandHandler<typeof deleteEvents> {
  constructor(private readonly platform: Platform) {}

  execute({ caller }: Call, params: ParamsOf<typeof deleteEvents>): Promise<void> {
    return deleteSelected(this.platform.database, caller, requireSelection(params));
  }
}
