import type { ListPage, PageRequest } from '@durastack/store/lists/engine/run-list';

type Fields = Readonly<Record<string, unknown>>;

/** The page of a list that is not in the database; `id`, `name` and `keyword` choose from it as in any other. */
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
  if ('limit' in page) {
    const start = page.after === undefined ? 0 : items.findIndex((item) => item['id'] === page.after) + 1;
    const shown = items.slice(start, start + page.limit);
    const last = shown.at(-1)?.['id'];
    const more = start + page.limit < items.length && typeof last === 'string';
    return { items: shown, ...(more ? { next: last } : {}) };
  }
  const start = (page.page - 1) * page.pageSize;
  return { items: items.slice(start, start + page.pageSize), count: items.length };
}
