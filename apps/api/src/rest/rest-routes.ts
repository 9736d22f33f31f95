import type { RestRoute } from '@durastack/contracts/command';
import type { Registry, Served } from '../catalogue/registry.js';

/** A route and the command behind it. */
export interface ServedRoute {
  readonly method: RestRoute['method'];
  readonly path: string;
  readonly served: Served;
  /** `GET /things/{id}`, made from the list of things. */
  readonly single: boolean;
  /** What it makes can be asked for below its own path. */
  readonly collection: boolean;
}

/** `/things/{id}` and `/things/{name}` are the same place. */
const place = (method: string, path: string) => `${method} ${path.replace(/\{\w+\}/g, '{}')}`;
/** What stands in a path may not mean the id here and the name there, whatever the method. */
const meansAnother = (one: string, other: string) => one !== other && place('', one) === place('', other);

/** The routes of all commands, and `GET …/{id}` for each list that can be asked by id. */
export function restRoutes(registry: Registry): ServedRoute[] {
  const own = registry
    .all()
    .map((served): ServedRoute => ({ ...served.command.rest, served, single: false, collection: false }));
  const taken = new Set(own.map(({ method, path }) => place(method, path)));
  const singles = own
    .filter(({ served, path }) => served.command.isList && 'id' in served.command.params.shape && !path.includes('{'))
    .map(({ served, path }): ServedRoute => ({
      method: 'GET',
      path: `${path}/{id}`,
      served,
      single: true,
      collection: false,
    }))
    .filter(
      ({ method, path }) => !taken.has(place(method, path)) && !own.some((route) => meansAnother(route.path, path)),
    );
  const readable = new Set(
    [...own, ...singles].filter(({ method }) => method === 'GET').map(({ path }) => place('GET', path)),
  );
  const routes = [...own, ...singles].map((route) => ({
    ...route,
    collection: readable.has(place('GET', `${route.path}/{}`)),
  }));
  return routes.sort((a, b) => a.path.localeCompare(b.path) || a.method.localeCompare(b.method));
}
