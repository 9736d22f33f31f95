import type { Command } from '@durastack/contracts/command';
import { invariant } from '@durastack/contracts/errors';
import type { ResourceType } from '@durastack/contracts/resources';
import type { ListView } from '@durastack/store/lists/engine/define-list';
import type { Discovery } from './discover.js';
import type { CommandHandler } from './handles.js';

/** A command and what serves it: exactly one of `handler` and `view`. */
export interface Served {
  readonly command: Command;
  readonly handler?: CommandHandler;
  readonly view?: ListView;
}

/** Every served command, found by name without case. Injected by this class. */
export class Registry {
  private readonly byName = new Map<string, Served>();
  private readonly byResource = new Map<ResourceType, ListView[]>();

  /** Takes what was found. Handlers may be given the registry itself, so it is filled after they were made. */
  fill(discovery: Discovery, instanceOf: (type: unknown) => CommandHandler): void {
    for (const command of discovery.commands.values()) {
      const view = discovery.views.get(command);
      const served = view ? { command, view } : { command, handler: instanceOf(discovery.handlers.get(command)) };
      this.byName.set(command.name.toLowerCase(), served);
    }
    for (const view of discovery.views.values()) {
      if (view.resource === undefined) continue;
      const { resource, command } = view;
      const others = this.byResource.get(resource) ?? [];
      const isTwice = others.some((other) => other.command.wrapper === command.wrapper);
      invariant(!isTwice, `The resource ${resource} has two list views of ${command.wrapper} objects.`);
      this.byResource.set(resource, [...others, view]);
    }
  }

  /** A command by its name, compared without case. */
  find(name: string): Served | undefined {
    return this.byName.get(name.toLowerCase());
  }

  /** All of them, by name. */
  all(): readonly Served[] {
    return [...this.byName.values()].sort((a, b) => a.command.name.localeCompare(b.command.name));
  }

  /** The list view that renders what an operation acts on: of its reply object, where the resource has several. */
  viewOf({ operation, wrapper }: Command): ListView | undefined {
    const views = operation && this.byResource.get(operation.resource);
    return views?.find(({ command }) => command.wrapper === wrapper) ?? views?.[0];
  }
}
