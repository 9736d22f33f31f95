/**
 * `node scripts/lint-openapi.mjs`: lints the OpenAPI document that the API serves, by Redocly's recommended rules; run
 * it after the build.
 *
 * With `--file PATH` it lints that document instead: for the canary. With `--print` it prints the document.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { discover } from '../apps/api/dist/catalogue/discover.js';
import { Registry } from '../apps/api/dist/catalogue/registry.js';
import { openApiDocument } from '../apps/api/dist/rest/openapi.js';

const { values } = parseArgs({ options: { file: { type: 'string' }, print: { type: 'boolean' } } });

async function served() {
  const registry = new Registry();
  registry.fill(await discover(), () => ({}));
  return JSON.stringify(openApiDocument(registry, ''), null, 1);
}

const document = values.file === undefined ? await served() : readFileSync(values.file, 'utf8');
if (values.print) {
  process.stdout.write(`${document}\n`);
  process.exit(0);
}
const config = await createConfig({ extends: ['recommended'] });
const problems = await lintFromString({ source: document, absoluteRef: 'openapi.json', config });
for (const { severity, ruleId, message, location } of problems)
  process.stderr.write(`${severity} ${ruleId} at ${location[0]?.pointer ?? '#/'}: ${message}\n`);
const { paths } = JSON.parse(document);
const count = Object.keys(paths ?? {}).length;
if (problems.length > 0) {
  process.stderr.write(`${problems.length} problems in ${count} paths.\n`);
  process.exit(1);
}
process.stdout.write(`OpenAPI: ${count} paths, no problems.\n`);
