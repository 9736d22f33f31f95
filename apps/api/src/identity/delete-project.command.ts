import type { ParamsOf } from '@durastack/contracts/command';
import { deleteProject } from '@durastack/contracts/identity/delete-project';
import { transaction } from '@durastack/store/database/transaction';
import { refuseWhileOwning } from '@durastack/store/identity/removal';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptRemoval } from './accept-removal.js';
import { requireManagedProject } from './project-rows.js';

/** Accepts the removal of a project. */
@Handles(deleteProject)
export class DeleteProjectHandler implements CommandHandler<typeof deleteProject> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { id, cleanup }: ParamsOf<typeof deleteProject>): Promise<StartedOperation> {
    const resource = { type: 'project', id } as const;
    const { name } = await transaction(this.platform.database, (tx) => requireManagedProject(tx, call.caller, id));
    return acceptRemoval(this.platform, call, {
      ...{ command: deleteProject, resource, name },
      check: async (tx) => {
        if (cleanup !== true) await refuseWhileOwning(tx, resource);
      },
    });
  }
}
