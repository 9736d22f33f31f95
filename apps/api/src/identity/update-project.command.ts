import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { updateProject } from '@durastack/contracts/identity/update-project';
import { orConflict, updateRow } from '@durastack/store/database/rows';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { projects } from '@durastack/store/lists/identity/projects.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { accountOfDomain, requireManagedProject, setMemberRole, type Member, type ProjectRow } from './project-rows.js';

/** Changes a project, or the role of a member. */
@Handles(updateProject)
export class UpdateProjectHandler implements CommandHandler<typeof updateProject> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof updateProject>): Promise<ResultOf<typeof updateProject>> {
    const { database } = this.platform;
    if (params.account !== undefined && params.userId !== undefined)
      throw new DurastackError('INVALID_INPUT', 'Give account or userid, not both.');
    await transaction(database, async (tx) => {
      const project = await requireManagedProject(tx, call.caller, params.id);
      const named = updateRow(
        tx,
        { type: 'project', id: project.id },
        { name: params.name, display_text: params.displayText },
      );
      await orConflict(named, `Project with name ${params.name} already exists in the domain.`);
      const member = await memberOf(tx, project, params);
      if (!member) return;
      const role = params.roleType ?? 'Admin';
      await setMemberRole(tx, project, { ...member, role });
      if (params.roleType === undefined && params.swapOwner !== false) await makeOnly(tx, project, member);
    });
    return readOne(autocommit(database), projects, call.caller, params.id);
  }
}

async function memberOf(
  tx: Tx,
  project: ProjectRow,
  { account, userId }: ParamsOf<typeof updateProject>,
): Promise<Member | undefined> {
  if (account !== undefined) return accountOfDomain(tx, project, account);
  if (userId === undefined) return undefined;
  const rows = await tx.query<{ account_id: string }>(
    'SELECT account_id FROM project_member WHERE project_id = ? AND user_id = ?',
    [project.id, userId],
  );
  if (!rows[0]) throw new DurastackError('INVALID_INPUT', `The user ${userId} is no member of the project by itself.`);
  return { accountId: rows[0].account_id, userId };
}

/** The one administrator. */
async function makeOnly(tx: Tx, project: ProjectRow, { accountId, userId }: Member): Promise<void> {
  await tx.execute(
    "UPDATE project_member SET role = 'Regular' WHERE project_id = ? AND NOT (account_id = ? AND user_id <=> ?)",
    [project.id, accountId, userId],
  );
}
