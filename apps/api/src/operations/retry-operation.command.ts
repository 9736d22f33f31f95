import type { ParamsOf } from '@durastack/contracts/command';
import { retryOperation } from '@durastack/contracts/operations/retry-operation';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import { DispatcherHint } from '../face/dispatcher-hint.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { decideOn } from './decide-on.js';

/** Lets an operation that needs attention go on. */
@Handles(retryOperation)
export class RetryOperationHandler implements CommandHandler<typeof retryOperation> {
  constructor(
    private readonly platform: Platform,
    private readonly hint: DispatcherHint,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof retryOperation>): Promise<void> {
    await decideOn(this.platform, call, { operationId: params.id, decision: 'retry' });
    this.hint.send();
  }
}
