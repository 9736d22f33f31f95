import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { createHash } from 'node:crypto';
import { listRolePermissions } from '@durastack/contracts/identity/list-role-permissions';
import { autocommit } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { RoleBook } from './role-book.js';
import type { RoleRow } from './role-rows.js';

type Rule = ResultOf<typeof listRolePermissions>;

/** Lists the rules of roles, in their order. */
@Handles(listRolePermissions)
export class ListRolePermissionsHandler implements CommandHandler<typeof listRolePermissions> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, { roleId }: ParamsOf<typeof listRolePermissions>): Promise<Rule[]> {
    const tx = autocommit(this.platform.database);
    const scope = call.caller.role === 'admin' ? 'TRUE' : "is_public AND type <> 'Admin'";
    const roles = await tx.query<RoleRow>(`SELECT * FROM role WHERE ${scope} AND (? IS NULL OR id = ?) ORDER BY id`, [
      roleId ?? null,
      roleId ?? null,
    ]);
    if (roleId !== undefined && roles.length === 0) throw notFound('roleid', roleId);
    const own = roles.filter(({ is_default }) => is_default !== 1).map(({ id }) => id);
    const rows =
      own.length === 0
        ? []
        : await tx.query<Rule & { description: string | null }>(
            `SELECT id, role_id AS roleId, rule, permission, description FROM role_permission WHERE role_id IN (?)
              ORDER BY role_id, sort_order`,
            [own],
          );
    return roles.flatMap((role): Rule[] => {
      if (role.is_default === 1)
        return this.roles.rulesOfBuiltIn(role).map((rule) => ({
          ...{ id: idOfBuiltIn(role.id, rule.rule), roleId: role.id, roleName: role.name },
          ...rule,
        }));
      return rows
        .filter((row) => row.roleId === role.id)
        .map(({ description, ...row }) => ({
          ...row,
          roleName: role.name,
          ...(description === null ? {} : { description }),
        }));
    });
  }
}

/** Rules of roles that came with the product have no rows; their ids are made from what they say, like UUIDv5. */
function idOfBuiltIn(roleId: string, rule: string): string {
  const hex = createHash('sha1').update(`${roleId}:${rule}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
