/** A cloud of simulated hosts for one spec, with what is asked of its machines again and again. */
import { DurastackError } from '@durastack/contracts/errors';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { isOpenSql } from '@durastack/store/operations/open-operations';
import { afterAll, beforeAll } from 'vitest';
import { deployParams, itemsOf, makeBasis, objectOf, type Basis } from './basis.js';
import { startCloud, type Cloud } from './cloud.js';

const START_LIMIT_MS = 300_000;
const JOB_FAILED = 2;
type Params = Record<string, string>;

/** See the module's head. */
export class HostsInACloud {
  private started: { readonly cloud: Cloud; readonly basis: Basis } | undefined;

  /** Starts before the first test of the file, and stops after the last. */
  constructor(hosts: number) {
    beforeAll(async () => {
      const cloud = await startCloud();
      this.started = { cloud, basis: await makeBasis(cloud, { hosts }) };
    }, START_LIMIT_MS);
    afterAll(() => this.started?.cloud.stop());
  }

  get cloud(): Cloud {
    return this.started!.cloud;
  }

  get basis(): Basis {
    return this.started!.basis;
  }

  get db(): Tx {
    return autocommit(this.cloud.database.source);
  }

  call(command: string, params: Params = {}) {
    return this.cloud.admin.call(command, params);
  }

  callAndWait(command: string, params: Params) {
    return this.cloud.admin.callAndWait(command, params);
  }

  waitForJob(jobid: unknown) {
    return this.cloud.admin.waitForJob(String(jobid));
  }

  /** What a command answers that is accepted and fails. BUG when it does not fail. */
  async failureOf(command: string, params: Params): Promise<string> {
    const job = await this.waitForJob((await this.call(command, params))['jobid']);
    if (job.jobstatus !== JOB_FAILED) throw new DurastackError('BUG', `${command} was to fail, and did not.`);
    return JSON.stringify(job.jobresult);
  }

  async machines(where: Params = {}) {
    return itemsOf(await this.call('listVirtualMachines', where));
  }

  /** Where a machine is. */
  async hostOf(id: string): Promise<unknown> {
    return (await this.machines({ id }))[0]?.['hostid'];
  }

  async deploy(extra: Params = {}): Promise<string> {
    return objectOf(await this.callAndWait('deployVirtualMachine', deployParams(this.basis, extra))).id;
  }

  async destroyAll(): Promise<void> {
    for (const { id } of await this.machines())
      await this.callAndWait('destroyVirtualMachine', { id, expunge: 'true' });
  }

  /** Operations that have not ended. */
  openOperations(): Promise<{ id: string }[]> {
    return this.db.query(`SELECT o.id FROM operation o WHERE ${isOpenSql('o')}`);
  }
}
