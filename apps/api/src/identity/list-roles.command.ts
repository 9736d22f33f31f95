import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listRoles } from '@durastack/contracts/identity/list-roles';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { roleOfRow, type RoleRow } from './role-rows.js';

/** Lists roles: there are few, so they are read at once. */
@Handles(listRoles)
export class ListRolesHandler implements CommandHandler<typeof listRoles> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof listRoles>): Promise<ResultOf<typeof listRoles>[]> {
    const tx = autocommit(this.platform.database);
    // Others than root see what they may give.
    const scope = call.caller.role === 'admin' ? 'TRUE' : "is_public AND type <> 'Admin'";
    const rows = await tx.query<RoleRow>(`SELECT * FROM role WHERE ${scope} ORDER BY id`);
    const same = (wanted: string | undefined, is: string) =>
      wanted === undefined || wanted.toLowerCase() === is.toLowerCase();
    return rows
      .map(roleOfRow)
      .filter(
        ({ name, type, state }) => same(params.name, name) && same(params.type, type) && same(params.state, state),
      );
  }
}
