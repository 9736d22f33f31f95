import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { suspendProject } from '@durastack/contracts/identity/suspend-project';
import { updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { projects } from '@durastack/store/lists/identity/projects.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { stopMachinesOf } from '../compute/stop-machines.js';
import { requireManagedProject } from './project-rows.js';

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
    await stopMachinesOf(this.platform, call, suspended.account_id);
    return readOne(autocommit(database), projects, call.caller, params.id);
  }
}
