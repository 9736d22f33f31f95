import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { importModules, loadCatalogue } from '@durastack/kit/catalogue/load-catalogue';
import { isListView, type ListView } from '@durastack/store/lists/engine/define-list';
import type { Type } from '@nestjs/common';
import { commandOf, type CommandHandler } from './handles.js';

/** What serves each command: a handler class, or a list view that the engine runs. */
export interface Discovery {
  readonly commands: ReadonlyMap<string, Command>;
  readonly handlers: ReadonlyMap<Command, Type<CommandHandler>>;
  readonly views: ReadonlyMap<Command, ListView>;
}

/**
 * Finds all commands, their handlers (`*.command` files of this app) and list views (`*.list` files of the store).
 *
 * @throws DurastackError BUG when a command has two handlers or none, or changes something without an event
 */
export async function discover(): Promise<Discovery> {
  const commands = await loadCatalogue();
  const views = new Map<Command, ListView>();
  const handlers = new Map<Command, Type<CommandHandler>>();
  const faults: string[] = [];
  const engine = fileURLToPath(import.meta.resolve('@durastack/store/lists/engine/define-list'));
  for (const module of await importModules(dirname(dirname(engine)), '.list')) {
    for (const view of Object.values(module).filter(isListView)) {
      if (views.has(view.command)) faults.push(`${view.command.name} has two list views`);
      views.set(view.command, view);
    }
  }
  for (const module of await importModules(fileURLToPath(new URL('..', import.meta.url)), '.command')) {
    for (const value of Object.values(module)) {
      const command = commandOf(value);
      if (!command) continue;
      if (handlers.has(command) || views.has(command)) faults.push(`${command.name} has two handlers`);
      handlers.set(command, value as Type<CommandHandler>);
    }
  }
  for (const command of commands.values()) {
    if (!handlers.has(command) && !views.has(command)) faults.push(`${command.name} has no handler`);
    if (!command.isList && !command.readOnly && command.event === undefined)
      faults.push(`${command.name} changes something but declares no event`);
  }
  if (faults.length > 0) throw new DurastackError('BUG', `The catalogue is incomplete: ${faults.join('; ')}.`);
  return { commands, handlers, views };
}
