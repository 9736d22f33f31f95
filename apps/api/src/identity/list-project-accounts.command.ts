import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listProjectAccounts } from '@durastack/contracts/identity/list-project-accounts';
import { accountTypeOf, type RoleType } from '@durastack/contracts/identity/roles';
import { autocommit } from '@durastack/store/database/transaction';
import { offsetPage, type ListPage } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { pageOf } from '../face/page-of.js';
import { Platform } from '../platform.js';
import { requireProject } from './project-rows.js';

type MemberView = ResultOf<typeof listProjectAccounts>;
type MemberRow = Omit<MemberView, 'accountType' | 'userId' | 'username' | 'projectRoleId'> & {
  readonly roleType: RoleType;
  readonly userId: string | null;
  readonly username: string | null;
  readonly projectRoleId: string | null;
};

/** Lists the members of a project. */
@Handles(listProjectAccounts)
export class ListProjectAccountsHandler implements CommandHandler<typeof listProjectAccounts> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof listProjectAccounts>): Promise<ListPage<MemberView>> {
    const tx = autocommit(this.platform.database);
    const project = await requireProject(tx, call.caller, { id: params.projectId, parameter: 'projectid' });
    const rows = await tx.query<MemberRow>(
      `SELECT a.name AS account, a.id AS accountId, r.type AS roleType, m.user_id AS userId, u.username, m.role, m.project_role_id AS projectRoleId,
         d.id AS domainId, d.name AS domain
         FROM project_member m JOIN account a ON a.id = m.account_id JOIN role r ON r.id = a.role_id
         JOIN domain d ON d.id = a.domain_id LEFT JOIN user u ON u.id = m.user_id
        WHERE m.project_id = ? ORDER BY m.id`,
      [project.id],
    );
    const { account, userId, role, keyword, projectRoleId } = params;
    const same = (wanted: string | undefined, is: string | null) =>
      wanted === undefined || wanted.toLowerCase() === is?.toLowerCase();
    const found = rows
      .filter((row) => same(account, row.account) && same(userId, row.userId) && same(role, row.role))
      .filter((row) => same(projectRoleId, row.projectRoleId))
      .filter((row) => row.account.toLowerCase().includes((keyword ?? '').toLowerCase()))
      .map(({ roleType, userId: user, username, projectRoleId: projectRole, ...row }) => ({
        ...{ projectId: project.id, project: project.name },
        ...row,
        accountType: accountTypeOf(roleType),
        ...(user === null ? {} : { userId: user, username: username ?? '' }),
        ...(projectRole === null ? {} : { projectRoleId: projectRole }),
      }));
    // Members have no id and no name for the usual choice to go by.
    return pageOf(found, {}, call.page ?? offsetPage(params)) as ListPage<MemberView>;
  }
}
