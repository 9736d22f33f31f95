/**
 * `node scripts/generate.mjs`: writes docs/reference/ from the declarations in the code; run it after the build.
 *
 * With `--check` it writes nothing and fails when a page differs from what it would write. `--folder DIR` is another
 * place for the pages: for the canary.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { commandsPage } from './generate/commands.mjs';
import { errorsPage } from './generate/errors.mjs';
import { findingsPage } from './generate/findings.mjs';
import { hostReasonsPage } from './generate/host-reasons.mjs';
import { settingsPage } from './generate/settings.mjs';
import { statesPage } from './generate/states.mjs';

const PAGES = {
  'commands.md': commandsPage,
  'errors.md': errorsPage,
  'findings.md': findingsPage,
  'host-reasons.md': hostReasonsPage,
  'settings.md': settingsPage,
  'states.md': statesPage,
};
const NOTE = '<!-- Written by `node scripts/generate.mjs`; edit the declarations, not this page. -->\n\n';

const { values } = parseArgs({ options: { check: { type: 'boolean' }, folder: { type: 'string' } } });
const { check } = values;
const reference = fileURLToPath(new URL('../docs/reference/', import.meta.url));
const folder = values.folder ?? reference;
const style = await resolveConfig(reference, { editorconfig: false });
const stale = [];
mkdirSync(folder, { recursive: true });
for (const [name, page] of Object.entries(PAGES)) {
  const text = await format(NOTE + (await page()), { ...style, parser: 'markdown' });
  const path = join(folder, name);
  const present = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (present === text) continue;
  stale.push(`docs/reference/${name}`);
  if (!check) writeFileSync(path, text);
}
if (check && stale.length > 0) {
  process.stderr.write(`Out of date: ${stale.join(', ')}. Run: npx tsc -b && node scripts/generate.mjs\n`);
  process.exit(1);
}
process.stdout.write(stale.length > 0 ? `Wrote ${stale.join(', ')}.\n` : 'docs/reference is up to date.\n');
