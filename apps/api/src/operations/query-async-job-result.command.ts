import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { expungeVirtualMachine } from '@durastack/contracts/compute/expunge-virtual-machine';
import { isDurastackError } from '@durastack/contracts/errors';
import { queryAsyncJobResult } from '@durastack/contracts/operations/query-async-job-result';
import { autocommit } from '@durastack/store/database/transaction';
import type { Caller } from '@durastack/store/identity/caller';
import { notFound } from '@durastack/store/identity/access';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { jobs } from '@durastack/store/lists/operations/jobs.list';
import { readResult } from '@durastack/store/operations/step-detail';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import { Registry } from '../catalogue/registry.js';
import { renderObject } from '../cloudstack/render-json.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { readWaiting } from './waiting-for.js';

type Job = ResultOf<typeof queryAsyncJobResult>;

/** Says how an operation stands, and renders what it made through the list view of its kind. */
@Handles(queryAsyncJobResult)
export class QueryAsyncJobResultHandler implements CommandHandler<typeof queryAsyncJobResult> {
  constructor(
    private readonly platform: Platform,
    private readonly registry: Registry,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof queryAsyncJobResult>): Promise<Job> {
    const tx = autocommit(this.platform.database);
    const job = await readOne(tx, jobs, call.caller, params.jobId).catch((error: unknown) => {
      throw isDurastackError(error, 'NOT_FOUND') ? notFound('jobid', params.jobId) : error;
    });
    if (job.jobStatus === 0) return { ...job, ...(await this.whyNotYet(call.caller, job)) };
    if (job.jobStatus !== 1) return job;
    return { ...job, jobResultType: 'object', jobResult: await this.resultOf(job, call.caller) };
  }

  /** Clients that show the detail of a step show this too. */
  private async whyNotYet(caller: Caller, { jobId, state }: Job): Promise<Pick<Job, 'detail'>> {
    if (state !== 'queued' && state !== 'granted') return {};
    const tx = autocommit(this.platform.database);
    const rows = await tx.query<{ at: Date | null }>('SELECT dispatched_at AS at FROM operation WHERE id = ?', [jobId]);
    const { waitingFor } = await readWaiting(tx, caller, { id: jobId, state, dispatchedAt: rows[0]?.at ?? null });
    return waitingFor === undefined ? {} : { detail: `Waits for ${waitingFor}.` };
  }

  /** Of destroyVirtualMachine with expunge clients expect the machine, though it is gone; of expungeVirtualMachine not. */
  private async destroyed({ cmd, jobId }: Job): Promise<Record<string, unknown> | undefined> {
    if (cmd !== expungeVirtualMachine.name) return undefined;
    const [machine] = await autocommit(this.platform.database).query<{ id: string; name: string }>(
      `SELECT m.id, m.name FROM operation o JOIN virtual_machine m ON m.id = o.resource_id
        WHERE o.id = ? AND JSON_VALUE(o.input_json, '$.asDestroy') IS NOT NULL`,
      [jobId],
    );
    return machine && { id: machine.id, name: machine.name, state: 'Expunging' };
  }

  private async resultOf(job: Job, caller: Caller): Promise<Record<string, unknown>> {
    const command = this.registry.find(job.cmd)?.command;
    const noted = command?.result && (await readResult(autocommit(this.platform.database), job.jobId));
    if (command?.result && noted)
      return command.wrapper === undefined
        ? renderObject(command.result, noted)
        : { [command.wrapper]: renderObject(command.result, noted) };
    const destroyed = await this.destroyed(job);
    if (destroyed) return { virtualmachine: destroyed };
    const view = command && this.registry.viewOf(command);
    if (!command?.result || !view || command.wrapper === undefined || job.jobInstanceId === undefined)
      return { success: true };
    try {
      const made = await readOne(autocommit(this.platform.database), view, caller, job.jobInstanceId);
      return { [command.wrapper]: renderObject(command.result, made) };
    } catch (error) {
      // It has gone since, or went by this very operation.
      if (isDurastackError(error, 'NOT_FOUND')) return { success: true };
      throw error;
    }
  }
}
