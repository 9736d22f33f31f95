import type { ParamsOf } from '@durastack/contracts/command';
import { undoOperation } from '@durastack/contracts/operations/undo-operation';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import { DispatcherHint } from '../face/dispatcher-hint.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { decideOn } from './decide-on.js';

/** Undoes an operation that needs attention. */
@Handles(undoOperation)
export class UndoOperationHandler implements CommandHandler<typeof undoOperation> {
  constructor(
    private readonly platform: Platform,
    private readonly hint: DispatcherHint,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof undoOperation>): Promise<void> {
    await decideOn(this.platform, call, { operationId: params.id, decision: 'undo' });
    this.hint.send();
  }
}
