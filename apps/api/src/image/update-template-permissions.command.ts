import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { updateTemplatePermissions } from '@durastack/contracts/image/update-template-permissions';
import { updateRow } from '@durastack/store/database/rows';
import { transaction, type Tx } from '@durastack/store/database/transaction';
import { ownerOf, type Owner } from '@durastack/store/identity/access';
import type { Caller } from '@durastack/store/identity/caller';
import { shareTemplate, unshareTemplate } from '@durastack/store/image/template-permissions';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireImage } from './image-access.js';
import { refusePublic } from './public-templates.js';

type Params = ParamsOf<typeof updateTemplatePermissions>;

/** Says who may use a template beside its owner. */
@Handles(updateTemplatePermissions)
export class UpdateTemplatePermissionsHandler implements CommandHandler<typeof updateTemplatePermissions> {
  constructor(private readonly platform: Platform) {}

  async execute({ caller }: Call, params: Params): Promise<void> {
    const { id, op, isPublic, isFeatured, isExtractable } = params;
    refuseWrong(caller, params);
    await transaction(this.platform.database, async (tx) => {
      const owner = await requireImage(tx, caller, { kind: 'template', id });
      if (isPublic) await refusePublic(tx, caller, owner);
      const closed = op === 'reset' ? { is_public: false, is_featured: false } : {};
      const said = { is_public: isPublic, is_featured: isFeatured, is_extractable: isExtractable };
      const asked = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
      await updateRow(tx, { type: 'template', id }, { ...closed, ...asked });
      if (op === 'reset') return unshareTemplate(tx, id);
      if (op === undefined) return;
      const accountIds = await accountsOf(tx, { caller, owner }, params);
      await (op === 'add' ? shareTemplate(tx, id, accountIds) : unshareTemplate(tx, id, accountIds));
    });
  }
}

function refuseWrong(caller: Caller, { op, accounts = [], projectIds = [], isFeatured }: Params): void {
  const named = accounts.length + projectIds.length > 0;
  if ((op === 'add' || op === 'remove') !== named)
    throw new DurastackError(
      'INVALID_INPUT',
      'op add and op remove go with accounts or projectids: give both, or neither.',
    );
  if (isFeatured && caller.role !== 'admin')
    throw new DurastackError('INVALID_INPUT', 'isfeatured: only root administrators recommend templates.');
}

/** The accounts that are meant: by name in the template's domain, and those of projects that the caller may touch. */
async function accountsOf(
  tx: Tx,
  { caller, owner }: { readonly caller: Caller; readonly owner: Owner },
  { accounts = [], projectIds = [] }: Params,
): Promise<string[]> {
  const found: string[] = [];
  for (const name of accounts) {
    const [row] = await tx.query<{ id: string }>(
      "SELECT id FROM account WHERE domain_id = ? AND name = ? AND state <> 'removed' AND role <> 'project'",
      [owner.domainId, name],
    );
    if (!row)
      throw new DurastackError('INVALID_INPUT', `There is no account ${name} in the domain of the template's owner.`);
    found.push(row.id);
  }
  for (const projectId of projectIds) found.push((await ownerOf(tx, caller, { projectId })).accountId);
  return found;
}
