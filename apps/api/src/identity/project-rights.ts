import { rulesAllow, type RoleRule } from '@durastack/contracts/identity/role-rules';
import { autocommit } from '@durastack/store/database/transaction';
import type { KnownCaller, ProjectRole } from '../face/call.js';
import type { Platform } from '../platform.js';

/** What members may do whatever their role in a project: see where they are members, and what became of their calls. */
const ALWAYS: ReadonlySet<string> = new Set(['listProjects', 'queryAsyncJobResult']);

/** Roles whose rules are remembered; beyond that the oldest is forgotten. */
const MAX_REMEMBERED = 1_000;

/** What roles of projects allow. Like the rules of other roles, theirs are read once for each version. */
export class ProjectRights {
  private readonly remembered = new Map<string, { readonly version: number; readonly rules: readonly RoleRule[] }>();

  constructor(private readonly platform: Platform) {}

  /** The caller with those projects alone in whose things it may use a command. */
  async within<C extends KnownCaller>(caller: C, command: string): Promise<C> {
    if (caller.projectRoles.length === 0 || ALWAYS.has(command)) return caller;
    const rated = await Promise.all(
      caller.projectRoles.map(async (role) => ({ ...role, allows: rulesAllow(await this.rulesOf(role), command) })),
    );
    const allowed = new Set(rated.filter(({ allows }) => allows).map(({ accountId }) => accountId));
    const denied = rated.map(({ accountId }) => accountId).filter((id) => !allowed.has(id));
    const left = (caller.projectAccountIds ?? []).filter((id) => !denied.includes(id));
    return { ...caller, projectAccountIds: left, deniedProjectAccountIds: denied };
  }

  private async rulesOf({ id, version }: ProjectRole): Promise<readonly RoleRule[]> {
    const known = this.remembered.get(id);
    if (known?.version === version) return known.rules;
    const rules = await autocommit(this.platform.database).query<RoleRule>(
      'SELECT rule, permission FROM role_permission WHERE role_id = ? ORDER BY sort_order',
      [id],
    );
    this.remembered.delete(id);
    this.remembered.set(id, { version, rules });
    const oldest = this.remembered.keys().next().value;
    if (this.remembered.size > MAX_REMEMBERED && oldest !== undefined) this.remembered.delete(oldest);
    return rules;
  }
}
