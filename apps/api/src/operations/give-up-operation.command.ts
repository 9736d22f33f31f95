import type { ParamsOf } from '@durastack/contracts/command';
import { giveUpOperation } from '@durastack/contracts/operations/give-up-operation';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import { DispatcherHint } from '../face/dispatcher-hint.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { decideOn } from './decide-on.js';

/** Ends an operation that needs attention where it stands. */
@Handles(giveUpOperation)
export class GiveUpOperationHandler implements CommandHandler<typeof giveUpOperation> {
  constructor(
    private readonly platform: Platform,
    private readonly hint: DispatcherHint,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof giveUpOperation>): Promise<void> {
    await decideOn(this.platform, call, { operationId: params.id, decision: 'give-up' });
    this.hint.send();
  }
}
