import type { ParamsOf } from '@durastack/contracts/command';
import { archiveEvents } from '@durastack/contracts/operations/archive-events';
import { archiveEvents as archiveSelected } from '@durastack/store/operations/event-records';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireSelection } from './event-selection.js';

/** Takes events out of the list. */
@Handles(archiveEvents)
export class ArchiveEventsHandler implements CommandHandler<typeof archiveEvents> {
  constructor(private readonly platform: Platform) {}

  execute({ caller }: Call, params: ParamsOf<typeof archiveEvents>): Promise<void> {
    return archiveSelected(this.platform.database, caller, requireSelection(params));
  }
}
