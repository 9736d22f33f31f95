/**
 * Removes compiled files whose source is gone. Catalogues are made by scanning compiled folders, so what was renamed
 * or removed must not stay behind; `tsc -b` leaves it there.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const packages = ['apps', 'libs']
  .flatMap((group) => readdirSync(join(root, group)).map((name) => join(group, name)))
  .concat(['workflows', 'activities', 'test'])
  .filter((path) => existsSync(join(root, path, 'dist')) && existsSync(join(root, path, 'tsconfig.json')));

for (const path of packages) {
  for (const file of readdirSync(join(root, path, 'dist'), { recursive: true, encoding: 'utf8' })) {
    const stem = /^(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(file)?.[1];
    // Bundles are not compiled from one source; their builders write them below dist/bundle.
    if (stem === undefined || file.startsWith('bundle/')) continue;
    const source = join(root, path, 'src', stem);
    if (['.ts', '.tsx', '.mts'].every((extension) => !existsSync(source + extension))) {
      rmSync(join(root, path, 'dist', file));
    }
  }
}
