import type { ResultOf } from '@durastack/contracts/command';
import { listEventTypes } from '@durastack/contracts/operations/list-event-types';
import { RECOVERY_EVENT } from '@durastack/store/recovery/recovery-state';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import { Registry } from '../catalogue/registry.js';

/** Lists the types of events: those of the commands, and that of the one thing which nobody asks for. */
@Handles(listEventTypes)
export class ListEventTypesHandler implements CommandHandler<typeof listEventTypes> {
  constructor(private readonly registry: Registry) {}

  async execute(): Promise<readonly ResultOf<typeof listEventTypes>[]> {
    const ofCommands = this.registry.all().flatMap(({ command }) => command.event ?? []);
    return [...new Set([...ofCommands, RECOVERY_EVENT])].sort().map((name) => ({ name }));
  }
}
