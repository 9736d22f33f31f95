import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { createProject } from '@durastack/contracts/identity/create-project';
import { defaultRoleOf } from '@durastack/contracts/identity/roles';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, orConflict } from '@durastack/store/database/rows';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { notFound, ownerOf, type Owner } from '@durastack/store/identity/access';
import { holdToLimits } from '@durastack/store/identity/limits';
import { readDomainSettings } from '@durastack/store/operations/resource-settings';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { projects } from '@durastack/store/lists/identity/projects.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { administeredAccount } from './administered.js';
import { addMember } from './project-rows.js';

/** Creates a project, with the account that owns its things. */
@Handles(createProject)
export class CreateProjectHandler implements CommandHandler<typeof createProject> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof createProject>): Promise<ResultOf<typeof createProject>> {
    const { database } = this.platform;
    const [id, accountId] = [newId(), newId()];
    const { name } = params;
    const created = transaction(database, async (tx) => {
      const settings = await readDomainSettings(tx, call.caller.domainId);
      if (call.caller.role === 'user' && !settings['allow.user.create.projects'])
        throw new DurastackError('FORBIDDEN', 'Users may not create projects here (allow.user.create.projects).');
      const owner = await administratorOf(tx, call, params);
      if (params.userId !== undefined) await requireUserOf(tx, owner, params.userId);
      const created_at = new Date();
      await insertRow(tx, 'account', {
        ...{ id: accountId, domain_id: owner.domainId, name: `PrjAcct-${name.slice(0, 150)}-${id}` },
        ...{ role: 'project', role_id: defaultRoleOf('User').id, state: 'enabled', created_at },
      });
      await insertRow(tx, 'project', {
        ...{ id, domain_id: owner.domainId, account_id: accountId, name },
        ...{ display_text: params.displayText ?? name, state: 'Active', created_at },
      });
      await addMember(tx, { id, name }, { accountId: owner.accountId, userId: params.userId ?? null, role: 'Admin' });
      await holdToLimits(tx, owner.accountId, ['project']);
    });
    await orConflict(created, `Project with name ${name} already exists in the domain.`);
    // Who creates it may not be a member; and what authentication found of the caller is older than the project.
    const viewer = { ...call.caller, projectAccountIds: [...(call.caller.projectAccountIds ?? []), accountId] };
    return readOne(autocommit(database), projects, viewer, id);
  }
}

/** The account that is to administer it: the own one, or one that the caller administers. */
async function administratorOf(tx: Tx, { caller }: Call, params: ParamsOf<typeof createProject>): Promise<Owner> {
  if (params.accountId === undefined)
    return ownerOf(tx, caller, { account: params.account, domainId: params.domainId });
  if (params.accountId === caller.accountId) return ownerOf(tx, caller, {});
  if (caller.role === 'user') throw notFound('accountid', params.accountId);
  const account = await administeredAccount(tx, caller, params.accountId, 'accountid');
  return { accountId: account.id, domainId: account.domain_id, domainPath: account.path };
}

async function requireUserOf(tx: Tx, owner: Owner, userId: string): Promise<void> {
  const rows = await tx.query("SELECT 1 FROM user WHERE id = ? AND account_id = ? AND state <> 'removed'", [
    userId,
    owner.accountId,
  ]);
  if (rows.length === 0)
    throw new DurastackError('INVALID_INPUT', `The account that administers the project has no user ${userId}.`);
}
