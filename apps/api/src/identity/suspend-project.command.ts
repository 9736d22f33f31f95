import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { stopVirtualMachine } from '@durastack/contracts/compute/stop-virtual-machine';
import { isDurastackError } from '@durastack/contracts/errors';
import { suspendProject } from '@durastack/contracts/identity/suspend-project';
import { updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { projects } from '@durastack/store/lists/identity/projects.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptVmOperation } from '../compute/vm-operation.js';
import { requireManagedProject, type ProjectRow } from './project-rows.js';

/** Suspends a project: nothing new in it, and its machines are stopped, each by an operation of its own. */
@Handles(suspendProject)
export class SuspendProjectHandler implements CommandHandler<typeof suspendProject> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof suspendProject>): Promise<ResultOf<typeof suspendProject>> {
    const { database } = this.platform;
    const suspended = await transaction(database, async (tx) => {
      const project = await requireManagedProject(tx, call.caller, params.id);
      await updateRow(tx, { type: 'project', id: project.id }, { state: 'Suspended' });
      return project;
    });
    await this.stopMachines(call, suspended);
    return readOne(autocommit(database), projects, call.caller, params.id);
  }

  /** Those that run or are starting; what is on its way comes first in their queue. */
  private async stopMachines(call: Call, project: ProjectRow): Promise<void> {
    const { database, log } = this.platform;
    const machines = await autocommit(database).query<{ id: string }>(
      "SELECT id FROM virtual_machine WHERE account_id = ? AND state IN ('Running', 'Starting', 'Migrating') ORDER BY id",
      [project.account_id],
    );
    for (const { id } of machines) {
      const stop = { command: stopVirtualMachine, vmId: id, desiredPower: 'off', input: { forced: false } } as const;
      try {
        await acceptVmOperation(this.platform, call, stop);
      } catch (error) {
        // Gone meanwhile, or held by what an administrator has to look at: the others are stopped all the same.
        if (!isDurastackError(error)) throw error;
        log.warn({ error, vmId: id, projectId: project.id }, 'a machine of a suspended project was not stopped');
      }
    }
  }
}
