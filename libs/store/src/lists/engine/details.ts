import type { ResourceType } from '@durastack/contracts/resources';
import type { Child } from './define-list.js';

const children = new Map<ResourceType, Child>();

/** The details of a page's items that are for display. */
export function detailsChild(type: ResourceType): Child {
  const known = children.get(type);
  if (known) return known;
  const child: Child = {
    field: 'details',
    isMap: true,
    columns: { key: 'x.name', value: 'x.value' },
    from: 'resource_detail x',
    parent: 'x.resource_id',
    where: `x.resource_type = '${type}' AND x.for_display`,
    order: 'x.resource_id, x.name',
  };
  children.set(type, child);
  return child;
}
