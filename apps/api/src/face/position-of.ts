import type { AnyCall } from './call.js';

/** The part of a list whose items have no id to go on after: cursors are positions there. */
export function positionOf({ page }: Pick<AnyCall, 'page'>): { readonly limit: number; readonly offset: number } {
  if (!page) return { limit: 500, offset: 0 };
  if ('limit' in page) return { limit: page.limit, offset: Math.max(0, Number.parseInt(page.after ?? '0', 10) || 0) };
  return { limit: page.pageSize, offset: (page.page - 1) * page.pageSize };
}
