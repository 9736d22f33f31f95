import { listProjects } from '@durastack/contracts/identity/list-projects';
import { defineList } from '../engine/define-list.js';
import { sql } from '../engine/sql.js';

/** Projects, with their administrators. */
export const projects = defineList({
  command: listProjects,
  resource: 'project',
  table: 'project',
  joins: ['LEFT JOIN domain od ON od.id = b.domain_id', 'LEFT JOIN account oa ON oa.id = b.account_id'],
  where: "b.state <> 'Removed'",
  scope: { account: 'b.account_id', domain: 'b.domain_id', holds: 'projects' },
  columns: {
    id: 'b.id',
    name: 'b.name',
    displayText: 'b.display_text',
    domainId: 'b.domain_id',
    domain: 'od.name',
    state: 'b.state',
    projectAccountName: 'oa.name',
    created: 'b.created_at',
  },
  filters: {
    name: 'b.name',
    displayText: 'b.display_text',
    state: 'b.state',
    username: (name) =>
      sql`b.id IN (SELECT m.project_id FROM project_member m JOIN user u ON u.id = m.user_id
        WHERE m.role = 'Admin' AND u.username = ${name})`,
    details: 'accepted',
    showIcon: 'accepted',
  },
  keyword: ['b.name', 'b.display_text'],
  tagged: 'project',
  children: [
    {
      field: 'owner',
      columns: { accountName: 'a.name', username: 'u.username', userId: 'm.user_id' },
      from: 'project_member m JOIN account a ON a.id = m.account_id LEFT JOIN user u ON u.id = m.user_id',
      parent: 'm.project_id',
      where: "m.role = 'Admin'",
      order: 'm.project_id, m.id',
      map: ({ accountName, username, userId }) => ({
        account: accountName,
        ...(userId === null ? {} : { user: username, userid: userId }),
      }),
    },
  ],
});
