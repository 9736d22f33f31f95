/** Makes a client from the running API's own description, as docs/clients.md says, and runs docs/examples/typescript. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CHECKOUT } from '../arch/scratch-tree.js';
import type { Cloud } from '../support/cloud.js';

const run = promisify(execFile);
const GENERATOR = 'test/node_modules/openapi-typescript/bin/cli.js';
const COMPILER = 'node_modules/typescript/bin/tsc';

/** Generates, compiles and runs it; gives what it printed. */
export async function runTypescriptTour(cloud: Cloud): Promise<unknown> {
  const folder = join(cloud.directory, 'typescript');
  mkdirSync(folder);
  symlinkSync(join(CHECKOUT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  cpSync(join(CHECKOUT, 'docs/examples/typescript/tour.ts'), join(folder, 'tour.ts'));
  const options = { cwd: folder, timeout: 120_000 };
  const node = (program: string, args: readonly string[], env = {}) =>
    run(process.execPath, [program, ...args], { ...options, env: { PATH: process.env['PATH'], ...env } });
  await node(join(CHECKOUT, GENERATOR), [`${cloud.apiUrl}/api/openapi.json`, '--output', 'durastack.d.ts']);
  await node(join(CHECKOUT, COMPILER), [
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    'node',
    'tour.ts',
  ]);
  const { stdout } = await node('tour.js', [], {
    CLOUDSTACK_ENDPOINT: `${cloud.apiUrl}/client/api`,
    CLOUDSTACK_KEY: cloud.keys.apiKey,
    CLOUDSTACK_SECRET: cloud.keys.secretKey,
  });
  return JSON.parse(stdout) as unknown;
}
