import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { importRole } from '@durastack/contracts/identity/import-role';
import { permission, rule } from '@durastack/contracts/identity/role-fields';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, updateRow } from '@durastack/store/database/rows';
import { transaction, type Tx } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { RoleBook } from './role-book.js';
import { appendRules, renewRole, requireOwnRole, requireRole, roleOfRow, type NewRule } from './role-rows.js';

/** Creates a role with its rules. */
@Handles(importRole)
export class ImportRoleHandler implements CommandHandler<typeof importRole> {
  constructor(
    private readonly platform: Platform,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof importRole>): Promise<ResultOf<typeof importRole>> {
    const rules = params.rules.map(ruleOf);
    const names = rules.map(({ rule: name }) => name.toLowerCase());
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined)
      throw new DurastackError('INVALID_INPUT', `rules hold ${twice} twice; only the first could ever match.`);
    return transaction(this.platform.database, async (tx) => {
      const id = await this.roleFor(tx, params);
      await appendRules(tx, id, rules);
      await renewRole(tx, id);
      await this.roles.requireCovers(tx, call.caller, id);
      return roleOfRow(await requireRole(tx, id, 'id'));
    });
  }

  /** A new role, or the one of that name without its rules. */
  private async roleFor(tx: Tx, params: ParamsOf<typeof importRole>): Promise<string> {
    const { name, type = 'User' } = params;
    const [known] = await tx.query<{ id: string }>('SELECT id FROM role WHERE name = ? AND type = ? FOR UPDATE', [
      name,
      type,
    ]);
    if (known && params.forced !== true)
      throw new DurastackError('CONFLICT', `A role ${name} of type ${type} exists; forced=true gives it these rules.`);
    if (known) {
      await requireOwnRole(tx, known.id);
      await updateRow(
        tx,
        { type: 'role', id: known.id },
        { description: params.description, is_public: params.isPublic },
      );
      await tx.execute('DELETE FROM role_permission WHERE role_id = ?', [known.id]);
      return known.id;
    }
    const id = newId();
    await insertRow(tx, 'role', {
      ...{ id, name, type, description: params.description, is_default: false },
      ...{ is_public: params.isPublic ?? true, state: 'enabled', created_at: new Date() },
    });
    return id;
  }
}

/** One of `rules[n].rule`, `.permission`, `.description`. */
function ruleOf(given: Readonly<Record<string, string>>, index: number): NewRule {
  const name = rule.safeParse(given['rule'] ?? '');
  if (!name.success)
    throw new DurastackError('INVALID_INPUT', `rules[${index}].rule ${name.error.issues[0]?.message ?? 'is no rule'}.`);
  const does = permission.safeParse((given['permission'] ?? '').toLowerCase());
  if (!does.success) throw new DurastackError('INVALID_INPUT', `rules[${index}].permission is neither allow nor deny.`);
  const { description } = given;
  if (description !== undefined && description.length > 255)
    throw new DurastackError('INVALID_INPUT', `rules[${index}].description is longer than 255 characters.`);
  return { rule: name.data, permission: does.data, description };
}
