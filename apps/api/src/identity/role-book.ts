import type { Command } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { rulesAllow, type RoleRule } from '@durastack/contracts/identity/role-rules';
import { builtInRole, callerClassOf, type CallerClass, type RoleType } from '@durastack/contracts/identity/roles';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import type { Registry } from '../catalogue/registry.js';
import type { KnownCaller } from '../face/call.js';
import type { Platform } from '../platform.js';

/** The names of all commands that a role allows. */
export type Rights = ReadonlySet<string>;

/** A role whose rights are asked for. */
interface RatedRole {
  readonly id: string;
  readonly type: RoleType;
}

/** Roles whose rights are remembered; beyond that the oldest is forgotten. */
const MAX_REMEMBERED = 1_000;

const NOTHING: Rights = new Set();

const REACH: Readonly<Record<CallerClass, number>> = { user: 0, 'domain-admin': 1, admin: 2 };

/**
 * What roles allow. Rights are computed once for each version of a role: authentication reads that version with the
 * user's row, so a change of rules holds for the next call to any API process, and costs no query.
 * Injected by this class.
 */
export class RoleBook {
  private readonly remembered = new Map<string, { readonly version: number; readonly rights: Rights }>();

  constructor(
    private readonly platform: Platform,
    private readonly registry: Registry,
  ) {}

  /** What a caller may do. Nothing while its role is disabled. */
  async rightsOf({ accountRole: role }: KnownCaller): Promise<Rights> {
    if (!role.isEnabled) return NOTHING;
    const known = this.remembered.get(role.id);
    if (known?.version === role.version) return known.rights;
    const rights = await this.compute(autocommit(this.platform.database), role);
    this.remembered.delete(role.id);
    this.remembered.set(role.id, { version: role.version, rights });
    const oldest = this.remembered.keys().next().value;
    if (this.remembered.size > MAX_REMEMBERED && oldest !== undefined) this.remembered.delete(oldest);
    return rights;
  }

  /**
   * The rules of a role as they are listed: for those that come with the product and have none of their own, one
   * for each command.
   */
  rulesOfBuiltIn(role: RatedRole): readonly RoleRule[] {
    const own = builtInRole(role.id)?.rules;
    if (own) return own;
    const declared = [...this.declaredFor(role.type)].map(({ name }) => name);
    return declared.map((rule) => ({ rule, permission: 'allow' }));
  }

  /**
   * Refuses to let a caller give, change or act as a role with rights that the caller lacks: one that sees further,
   * or that allows a command which the caller's role does not.
   *
   * @param tx reads the role as the transaction has left it
   * @throws DurastackError FORBIDDEN naming what is missing
   */
  async requireCovers(tx: Tx, caller: KnownCaller, roleId: string): Promise<void> {
    if (roleId === caller.accountRole.id && builtInRole(roleId)) return;
    const rows = await tx.query<{ type: RoleType; name: string }>('SELECT name, type FROM role WHERE id = ?', [roleId]);
    const role = rows[0];
    if (!role) throw new DurastackError('INVALID_INPUT', `There is no role ${roleId}.`);
    const lacks = `The role ${role.name} has rights that your role ${caller.accountRole.name} lacks`;
    if (REACH[callerClassOf(role.type)] > REACH[caller.role])
      throw new DurastackError('FORBIDDEN', `${lacks}: it is of type ${role.type}.`);
    const [own, wanted] = [await this.rightsOf(caller), await this.compute(tx, { id: roleId, type: role.type })];
    const missing = [...wanted].find((name) => !own.has(name));
    if (missing !== undefined) throw new DurastackError('FORBIDDEN', `${lacks}: it allows ${missing}.`);
  }

  private async compute(tx: Tx, role: RatedRole): Promise<Rights> {
    const declared = this.declaredFor(role.type);
    const builtIn = builtInRole(role.id);
    if (builtIn && !builtIn.rules) return new Set([...declared].map(({ name }) => name));
    const rules =
      builtIn?.rules ??
      (await tx.query<RoleRule>('SELECT rule, permission FROM role_permission WHERE role_id = ? ORDER BY sort_order', [
        role.id,
      ]));
    return new Set([...declared].filter(({ name }) => rulesAllow(rules, name)).map(({ name }) => name));
  }

  /** Commands that callers of a type can be allowed at all: others do not look whose things they touch. */
  private declaredFor(type: RoleType): Command[] {
    const callerClass = callerClassOf(type);
    return this.registry
      .all()
      .map(({ command }) => command)
      .filter(({ roles }) => roles.includes(callerClass));
  }
}
