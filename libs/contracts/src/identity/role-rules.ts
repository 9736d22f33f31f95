/** Rules of roles: which commands a name with wildcards stands for, and what an ordered list of them comes to. */

/** What a rule does with the commands that it matches. */
export const PERMISSIONS = ['allow', 'deny'] as const;

/** One rule of a role. */
export interface RoleRule {
  /** A command's name, or a part of it with `*` for any characters. */
  readonly rule: string;
  readonly permission: (typeof PERMISSIONS)[number];
}

/** What a rule may consist of: letters, digits and `*`. */
export const RULE_PATTERN = /^[A-Za-z0-9*]+$/;

/** Whether a rule stands for a command; compared without case. */
export function ruleMatches(rule: string, command: string): boolean {
  const parts = rule.toLowerCase().split('*');
  const name = command.toLowerCase();
  const first = parts[0] ?? '';
  if (parts.length === 1) return name === first;
  const last = parts.at(-1) ?? '';
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  // Each piece between two wildcards is taken where it occurs first: that leaves most room for those after it.
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = name.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return from <= name.length - last.length;
}

/** Whether ordered rules allow a command: the first that matches decides; without one it is denied. */
export function rulesAllow(rules: readonly RoleRule[], command: string): boolean {
  return rules.find(({ rule }) => ruleMatches(rule, command))?.permission === 'allow';
}
