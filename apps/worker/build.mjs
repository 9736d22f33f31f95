/** Bundles every workflow for the worker: `node apps/worker/build.mjs`, after the build. Refuses Node built-ins. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const workflows = fileURLToPath(new URL('../../workflows/dist/', import.meta.url));
const output = fileURLToPath(new URL('./build/', import.meta.url));
const files = readdirSync(workflows, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.workflow.js'),
);
if (files.length === 0) {
  process.stderr.write('No workflows in workflows/dist; build first (npx tsc -b).\n');
  process.exit(1);
}
mkdirSync(output, { recursive: true });
const entry = `${output}workflows.js`;
writeFileSync(
  entry,
  files
    .sort()
    .map((file) => `export * from ${JSON.stringify(workflows + file)};\n`)
    .join(''),
);
try {
  const { code } = await bundleWorkflowCode({
    workflowsPath: entry,
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error },
  });
  writeFileSync(`${output}workflow-bundle.js`, code);
  process.stdout.write(`Bundled ${files.length} workflow files, ${(code.length / 1024).toFixed(0)} KiB.\n`);
} catch (error) {
  process.stderr.write(`The workflow bundle failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
