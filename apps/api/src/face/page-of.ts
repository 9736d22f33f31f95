import type { ListPage, PageRequest } from '@durastack/store/lists/engine/run-list';
import { positionOf } from './position-of.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The page of a list that is not in the database; `id`, `name` and `keyword` choose from it as in any other. Cursors are
 * positions: not all of these lists have ids.
 */
export function pageOf(all: readonly Fields[], params: Fields, page: PageRequest): ListPage<Fields> {
  const ids = [params['id'] as string | undefined, ...((params['ids'] as string[] | undefined) ?? [])].filter(
    (id) => id !== undefined,
  );
  const keyword = typeof params['keyword'] === 'string' ? params['keyword'].toLowerCase() : '';
  const matches = (item: Fields) =>
    (ids.length === 0 || ids.includes(String(item['id']))) &&
    (keyword === '' ||
      [item['name'], item['description'], item['type']].some(
        (text) => typeof text === 'string' && text.toLowerCase().includes(keyword),
      ));
  const items = all.filter(matches);
  const { limit, offset } = positionOf({ page });
  const end = offset + limit;
  const shown = items.slice(offset, end);
  if ('limit' in page) return { items: shown, ...(end < items.length ? { next: String(end) } : {}) };
  return { items: shown, count: items.length };
}
