/**
 * `node scripts/check-borders.mjs`: dependency-cruiser with the rules of .dependency-cruiser.mjs.
 *
 * A border check that looks at nothing passes, so this one also fails when it saw fewer source files than there are.
 * `--root DIR` checks another tree by the same rules: for the canaries.
 */
import { readdirSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cruise } from 'dependency-cruiser';
import config from '../.dependency-cruiser.mjs';

const checkout = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { root: { type: 'string' } } });
const root = resolve(values.root ?? checkout);
const FOLDERS = ['apps', 'libs', 'workflows', 'activities', 'test'];

/** Every TypeScript source of the tree, as paths from its root. */
function sources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (['node_modules', 'dist', 'build'].includes(entry.name)) return [];
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith('.ts') ? [relative(root, path)] : [];
  });
}

process.chdir(root);
const folders = readdirSync(root).filter((name) => FOLDERS.includes(name));
const expected = folders.flatMap((folder) => sources(`${root}/${folder}`));
const { output } = await cruise(folders, {
  ...config.options,
  ruleSet: { forbidden: config.forbidden },
  validate: true,
  baseDir: root,
});

const seen = new Set(output.modules.map((module) => module.source));
const missed = expected.filter((source) => !seen.has(source));
const lines = output.summary.violations.map(({ rule, from, to, cycle }) => {
  const path = cycle ? cycle.map((step) => step.name).join(' → ') : to;
  const comment = config.forbidden.find((known) => known.name === rule.name)?.comment;
  return `${rule.name}: ${from} → ${path}${comment ? `\n    ${comment}` : ''}`;
});
if (missed.length > 0) {
  lines.push(
    `modules-missed: cruised ${expected.length - missed.length} of ${expected.length} source files; not seen: ${missed.slice(0, 5).join(', ')}`,
  );
}
if (lines.length > 0) {
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exit(1);
}
process.stdout.write(`${expected.length} source files keep within the borders.\n`);
