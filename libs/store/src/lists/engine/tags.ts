import type { ResourceType } from '@durastack/contracts/resources';
import { tagTypeName } from '@durastack/contracts/identity/tagged-resources';
import type { Child } from './define-list.js';
import { sql, type Sql } from './sql.js';

const children = new Map<ResourceType, Child>();

/** The tags of a page's items. */
export function tagsChild(type: ResourceType): Child {
  const known = children.get(type);
  if (known) return known;
  const child: Child = {
    field: 'tags',
    columns: {
      key: 't.`key`',
      value: 't.value',
      resourceId: 't.resource_id',
      account: 'IF(p.id IS NULL, a.name, NULL)',
      projectId: 'p.id',
      project: 'p.name',
      domainId: 'd.id',
      domain: 'd.name',
    },
    from: `resource_tag t LEFT JOIN account a ON a.id = t.account_id LEFT JOIN domain d ON d.id = a.domain_id
      LEFT JOIN project p ON p.account_id = t.account_id`,
    parent: 't.resource_id',
    where: `t.resource_type = '${type}'`,
    order: 't.`key`',
    map: () => ({ resourceType: tagTypeName(type) }),
  };
  children.set(type, child);
  return child;
}

/** Items that bear all the tags. */
export function tagsCondition(type: ResourceType, tags: Readonly<Record<string, string>>): Sql[] {
  return Object.entries(tags).map(
    ([key, value]) =>
      sql`EXISTS (SELECT 1 FROM resource_tag t WHERE t.resource_type = ${type} AND t.resource_id = b.id AND t.\`key\` = ${key} AND t.value = ${value})`,
  );
}
