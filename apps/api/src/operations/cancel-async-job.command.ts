import type { ParamsOf } from '@durastack/contracts/command';
import { cancelAsyncJob } from '@durastack/contracts/operations/cancel-async-job';
import { autocommit } from '@durastack/store/database/transaction';
import { mayAccess, notFound } from '@durastack/store/identity/access';
import { cancelOperation } from '@durastack/store/operations/cancel';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import { DispatcherHint } from '../face/dispatcher-hint.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Cancels an operation of the caller's, or of an account below. */
@Handles(cancelAsyncJob)
export class CancelAsyncJobHandler implements CommandHandler<typeof cancelAsyncJob> {
  constructor(
    private readonly platform: Platform,
    private readonly hint: DispatcherHint,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof cancelAsyncJob>): Promise<void> {
    const { caller } = call;
    const { database } = this.platform;
    const rows = await autocommit(database).query<{ accountId: string; domainId: string; domainPath: string }>(
      `SELECT o.account_id AS accountId, o.domain_id AS domainId, d.path AS domainPath
         FROM operation o JOIN domain d ON d.id = o.domain_id WHERE o.id = ?`,
      [params.jobId],
    );
    const owner = rows[0];
    if (!owner || !mayAccess(caller, owner)) throw notFound('jobid', params.jobId);
    await cancelOperation(database, params.jobId, `asked for by ${caller.accountName}/${caller.username}`);
    this.hint.send();
  }
}
