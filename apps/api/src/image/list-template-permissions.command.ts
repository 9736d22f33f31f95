import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listTemplatePermissions } from '@durastack/contracts/image/list-template-permissions';
import { requireRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { readTemplateUsers } from '@durastack/store/image/template-permissions';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireImage } from './image-access.js';

type Permissions = ResultOf<typeof listTemplatePermissions>;

/** Lists who may use a template. */
@Handles(listTemplatePermissions)
export class ListTemplatePermissionsHandler implements CommandHandler<typeof listTemplatePermissions> {
  constructor(private readonly platform: Platform) {}

  async execute({ caller }: Call, { id }: ParamsOf<typeof listTemplatePermissions>): Promise<Permissions[]> {
    const tx = autocommit(this.platform.database);
    const { domainId } = await requireImage(tx, caller, { kind: 'template', id });
    const template = await requireRow<{ is_public: number }>(tx, { type: 'template', id });
    const users = await readTemplateUsers(tx, id);
    const account = users.flatMap(({ name, projectId }) => (projectId === null ? [name] : []));
    const projectIds = users.flatMap(({ projectId }) => (projectId === null ? [] : [projectId]));
    return [
      {
        ...{ id, isPublic: template.is_public === 1, domainId },
        ...(account.length > 0 ? { account } : {}),
        ...(projectIds.length > 0 ? { projectIds } : {}),
      },
    ];
  }
}
