/** Roles of projects. Their rules are kept and changed like those of other roles. */
import type { ResultOf } from '@durastack/contracts/command';
import type { listProjectRoles } from '@durastack/contracts/identity/list-project-roles';
import type { Tx } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import type { ProjectRow } from './project-rows.js';

/** A role's row. */
export interface ProjectRoleRow {
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
  readonly description: string | null;
}

/** A role in a reply. */
export function projectRoleOf(row: ProjectRoleRow): ResultOf<typeof listProjectRoles> {
  return {
    id: row.id,
    name: row.name,
    ...(row.description === null ? {} : { description: row.description }),
    projectId: row.project_id,
    isPublic: true,
  };
}

/** A role of a project. @throws DurastackError NOT_FOUND */
export async function requireProjectRole(
  tx: Tx,
  project: Pick<ProjectRow, 'id'>,
  id: string,
  parameter: string,
): Promise<ProjectRoleRow> {
  const [row] = await tx.query<ProjectRoleRow>('SELECT * FROM project_role WHERE id = ? AND project_id = ?', [
    id,
    project.id,
  ]);
  if (!row) throw notFound(parameter, id);
  return row;
}

/** Makes every API process read the role's rules anew. */
export async function renewProjectRole(tx: Tx, id: string): Promise<void> {
  await tx.execute('UPDATE project_role SET version = version + 1 WHERE id = ?', [id]);
}
