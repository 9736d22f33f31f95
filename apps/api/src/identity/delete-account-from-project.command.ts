import type { ParamsOf } from '@durastack/contracts/command';
import { deleteAccountFromProject } from '@durastack/contracts/identity/delete-account-from-project';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { accountOfDomain, removeMember, requireManagedProject } from './project-rows.js';

/** Takes an account from a project. */
@Handles(deleteAccountFromProject)
export class DeleteAccountFromProjectHandler implements CommandHandler<typeof deleteAccountFromProject> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof deleteAccountFromProject>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const project = await requireManagedProject(tx, call.caller, params.projectId, 'projectid');
      await removeMember(tx, project, await accountOfDomain(tx, project, params.account));
    });
  }
}
