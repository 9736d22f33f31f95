/** Who may use a template that is not its own. */
import type { Tx } from '../database/transaction.js';
import type { Caller } from '../identity/caller.js';
import { sql, type Sql } from '../lists/engine/sql.js';

/** The templates `b` that are shared with the account of a caller, or with its projects. */
export const sharedWith = ({ accountId, projectAccountIds = [] }: Caller): Sql =>
  sql`b.id IN (SELECT s.template_id FROM template_permission s WHERE s.account_id IN (${[accountId, ...projectAccountIds]}))`;

/** Lets accounts use a template. Repeating it changes nothing. */
export async function shareTemplate(tx: Tx, templateId: string, accountIds: readonly string[]): Promise<void> {
  for (const accountId of accountIds)
    await tx.execute('INSERT IGNORE INTO template_permission (template_id, account_id) VALUES (?, ?)', [
      templateId,
      accountId,
    ]);
}

/** Takes a template back from accounts; from all when none is given. Their machines stay. */
export async function unshareTemplate(tx: Tx, templateId: string, accountIds?: readonly string[]): Promise<void> {
  if (accountIds === undefined) {
    await tx.execute('DELETE FROM template_permission WHERE template_id = ?', [templateId]);
    return;
  }
  for (const accountId of accountIds)
    await tx.execute('DELETE FROM template_permission WHERE template_id = ? AND account_id = ?', [
      templateId,
      accountId,
    ]);
}

/** Somebody who may use a template: an account, or a project. */
export interface TemplateUser {
  /** Of the account. */
  readonly name: string;
  readonly projectId: string | null;
}

/** Who may use a template beside its owner. */
export function readTemplateUsers(tx: Tx, templateId: string): Promise<TemplateUser[]> {
  return tx.query<TemplateUser>(
    `SELECT a.name, p.id AS projectId FROM template_permission s JOIN account a ON a.id = s.account_id
       LEFT JOIN project p ON p.account_id = a.id WHERE s.template_id = ? ORDER BY a.name`,
    [templateId],
  );
}
