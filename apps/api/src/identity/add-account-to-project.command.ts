import type { ParamsOf } from '@durastack/contracts/command';
import { addAccountToProject } from '@durastack/contracts/identity/add-account-to-project';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { addOrInvite } from './project-invitations.js';
import { accountOfDomain, requireManagedProject } from './project-rows.js';

/** Makes an account a member of a project. */
@Handles(addAccountToProject)
export class AddAccountToProjectHandler implements CommandHandler<typeof addAccountToProject> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof addAccountToProject>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const project = await requireManagedProject(tx, call.caller, params.projectId, 'projectid');
      await addOrInvite(tx, project, await accountOfDomain(tx, project, params.account), params);
    });
  }
}
