import { listProjectInvitations } from '@durastack/contracts/identity/list-project-invitations';
import { defineList } from '../engine/define-list.js';
import { raw, sql } from '../engine/sql.js';

const STATE = "IF(b.state = 'Pending' AND b.expires_at < UTC_TIMESTAMP(3), 'Expired', b.state)";

/** Invitations to projects: to those who are invited, and to those who administer the projects. */
export const projectInvitations = defineList({
  command: listProjectInvitations,
  table: 'project_invitation',
  joins: [
    'LEFT JOIN project op ON op.id = b.project_id',
    'LEFT JOIN account oa ON oa.id = b.account_id',
    'LEFT JOIN domain od ON od.id = b.domain_id',
  ],
  scope: {
    account: 'b.account_id',
    domain: 'b.domain_id',
    holds: 'accounts',
    shared: ({ accountId, userId }) =>
      sql`b.project_id IN (SELECT project_id FROM project_member
        WHERE account_id = ${accountId} AND role = 'Admin' AND (user_id IS NULL OR user_id = ${userId}))`,
  },
  columns: {
    id: 'b.id',
    projectId: 'b.project_id',
    project: 'op.name',
    domainId: 'b.domain_id',
    domain: 'od.name',
    domainPath: 'od.display_path',
    account: 'oa.name',
    userId: 'b.user_id',
    email: 'b.email',
    state: STATE,
  },
  filters: {
    projectId: (id) => sql`b.project_id = ${id}`,
    userId: 'b.user_id',
    state: (state) => sql`${raw(STATE)} = ${state}`,
    activeOnly: (active) => (active ? sql`${raw(STATE)} = 'Pending'` : undefined),
  },
});
