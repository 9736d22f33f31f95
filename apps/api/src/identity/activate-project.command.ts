import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { activateProject } from '@durastack/contracts/identity/activate-project';
import { updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { projects } from '@durastack/store/lists/identity/projects.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireManagedProject } from './project-rows.js';

/** Lets a project be used again. */
@Handles(activateProject)
export class ActivateProjectHandler implements CommandHandler<typeof activateProject> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof activateProject>): Promise<ResultOf<typeof activateProject>> {
    const { database } = this.platform;
    await transaction(database, async (tx) => {
      const project = await requireManagedProject(tx, call.caller, params.id);
      await updateRow(tx, { type: 'project', id: project.id }, { state: 'Active' });
    });
    return readOne(autocommit(database), projects, call.caller, params.id);
  }
}
