import type { ListPage } from '@durastack/store/lists/engine/run-list';
import type { Command, ParamsOf, ResultOf } from '@durastack/contracts/command';
import { Injectable } from '@nestjs/common';
import type { AnyCall, Call } from '../face/call.js';

/** What the handler of an operation gives: `accept()`'s own answer. */
export interface StartedOperation {
  readonly operationId: string;
  readonly resourceId: string;
}

/**
 * What a handler gives, by the kind of its command: an operation, all items of a list (the page is cut from them) or
 * the page that `call.page` asks for, an object, or nothing.
 */
export type HandlerResult<C extends Command> = C['operation'] extends object
  ? StartedOperation
  : C['isList'] extends true
    ? readonly ResultOf<C>[] | ListPage<ResultOf<C>>
    : C['result'] extends object
      ? ResultOf<C>
      : void;

/** Handles one command. The parameters are validated, and the caller's role includes the command. */
export interface CommandHandler<C extends Command = Command> {
  execute(call: Call, params: ParamsOf<C>): Promise<HandlerResult<C>>;
}

/** As {@link CommandHandler}, of a command that needs no credentials. */
export interface OpenCommandHandler<C extends Command = Command> {
  execute(call: AnyCall, params: ParamsOf<C>): Promise<HandlerResult<C>>;
}

const handled = new WeakMap<object, Command>();

/** Marks a class as the handler of a command. Files named `*.command` are found by scanning at boot. */
export function Handles(command: Command): ClassDecorator {
  return (target) => {
    handled.set(target, command);
    Injectable()(target);
  };
}

/** The command of a handler class; undefined for any other value. */
export function commandOf(value: unknown): Command | undefined {
  return typeof value === 'function' ? handled.get(value) : undefined;
}
