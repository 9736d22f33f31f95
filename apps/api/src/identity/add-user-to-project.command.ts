import type { ParamsOf } from '@durastack/contracts/command';
import { addUserToProject } from '@durastack/contracts/identity/add-user-to-project';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { addOrInvite } from './project-invitations.js';
import { requireManagedProject, userOfDomain } from './project-rows.js';

/** Makes one user a member of a project. */
@Handles(addUserToProject)
export class AddUserToProjectHandler implements CommandHandler<typeof addUserToProject> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof addUserToProject>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const project = await requireManagedProject(tx, call.caller, params.projectId, 'projectid');
      await addOrInvite(tx, project, await userOfDomain(tx, project, params.username), params);
    });
  }
}
