/** Entity classes by scanning this package, so that adding one touches no list. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

type EntityClass = new () => object;

/** Every class exported by a `*.entity` file. */
export async function loadEntities(): Promise<EntityClass[]> {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.entity\.[jt]s$/.test(file),
  );
  const modules = await Promise.all(files.sort().map((file) => import(new URL(`../${file}`, import.meta.url).href)));
  return modules.flatMap((module: object) =>
    Object.values(module).filter((value): value is EntityClass => typeof value === 'function'),
  );
}

/** Every migration class, in the order of its file name. */
export async function loadMigrations(): Promise<EntityClass[]> {
  const files = readdirSync(new URL('../migrations', import.meta.url)).filter(
    (file) => /^\d+-.*\.[jt]s$/.test(file) && !file.endsWith('.d.ts'),
  );
  const modules = await Promise.all(
    files.sort().map((file) => import(new URL(`../migrations/${file}`, import.meta.url).href)),
  );
  return modules.flatMap((module: object) =>
    Object.values(module).filter((value): value is EntityClass => typeof value === 'function'),
  );
}
