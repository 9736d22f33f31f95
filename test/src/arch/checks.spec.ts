/** Canaries of the other checks: each must fail when what it looks for is there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { afterEach, describe, expect, it } from 'vitest';
import { CHECKOUT, ScratchTree } from './scratch-tree.js';

let tree: ScratchTree | undefined;
afterEach(() => {
  tree?.remove();
  tree = undefined;
});

const manifest = (name: string, dependencies: Readonly<Record<string, string>> = {}) =>
  JSON.stringify({
    name,
    version: '1.0.0',
    type: 'module',
    exports: { './*': { types: './dist/*.d.ts', default: './dist/*.js' } },
    dependencies,
  });
const TSCONFIG = JSON.stringify({
  compilerOptions: { target: 'ES2023', module: 'nodenext', composite: true, rootDir: 'src', outDir: 'dist' },
  include: ['src'],
});

describe('the list of checks', () => {
  it('names every checker', () => {
    const { scripts } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const checks = Object.entries(scripts).filter(([name]) => name.startsWith('check:'));
    const programs = checks.map(([, command]) => command.split(' --')[0]);
    expect(programs).toEqual(
      expect.arrayContaining([
        'prettier',
        'tsc -b',
        'oxlint',
        'knip',
        'node scripts/check-borders.mjs',
        'node scripts/generate.mjs',
        'node scripts/lint-openapi.mjs',
        'node apps/worker/build.mjs',
        'node apps/host-agent/build.mjs',
      ]),
    );
  });
});

describe('unused code', () => {
  it('is found: files, exports, dependencies that are declared in vain and that are not declared', () => {
    tree = new ScratchTree()
      .copy('knip.jsonc')
      .linkNodeModules()
      .write({
        'package.json': JSON.stringify({ name: 'canary', private: true, workspaces: ['apps/*', 'libs/*'] }),
        'libs/kit/package.json': manifest('@durastack/kit'),
        'libs/kit/tsconfig.json': TSCONFIG,
        'libs/kit/src/log/logger.ts': 'export const used = 1;\nexport const idleExport = 2;\n',
        'apps/api/package.json': manifest('@durastack/api', { '@durastack/kit': '*', pino: '*' }),
        'apps/api/tsconfig.json': TSCONFIG,
        'apps/api/src/main.ts':
          "import { used } from '@durastack/kit/log/logger';\nimport { z } from 'zod';\nvoid [used, z];\n",
        'apps/worker/package.json': JSON.stringify({ name: '@durastack/worker', version: '1.0.0', type: 'module' }),
        'apps/worker/src/main.ts': 'export {};\n',
        'apps/worker/src/orphan.ts': 'export const orphan = 1;\n',
      });
    const { status, output } = tree.run('node_modules/knip/bin/knip.js', ['--no-config-hints']);
    expect(status).toBe(1);
    expect(output).toMatch(/Unused files[^]*apps\/worker\/src\/orphan\.ts/);
    expect(output).toMatch(/Unused dependencies[^]*pino +apps\/api\/package\.json/);
    expect(output).toMatch(/Unlisted dependencies[^]*zod +apps\/api\/src\/main\.ts/);
    expect(output).toMatch(/Unused exports[^]*idleExport +libs\/kit\/src\/log\/logger\.ts/);
  });
});

describe('formatting', () => {
  it('is found wanting', () => {
    tree = new ScratchTree().copy('.prettierrc').write({ 'a.ts': 'export   const a = "1"\n' });
    const { status, output } = tree.run('node_modules/prettier/bin/prettier.cjs', ['--check', '.']);
    expect(output).toContain('a.ts');
    expect(status).toBe(1);
  });
});

describe('reference pages', () => {
  it('are refused when they differ from the code', () => {
    tree = new ScratchTree().write({ 'pages/errors.md': 'outdated\n' });
    const { status, output } = tree.run('scripts/generate.mjs', ['--check', '--folder', join(tree.root, 'pages')]);
    expect(output).toContain('Out of date');
    expect(status).toBe(1);
  });
});

describe('the description of the REST face', () => {
  it('is refused when it is no good OpenAPI', () => {
    const answers = { 200: { description: 'OK' } };
    const info = { title: 'canary', version: '1', license: { name: 'Apache 2.0', identifier: 'Apache-2.0' } };
    const paths = { '/things/{id}': { get: { operationId: 'a', summary: 'b', security: [], responses: answers } } };
    const document = { openapi: '3.1.0', info, servers: [{ url: '/api/v1' }], paths };
    tree = new ScratchTree().write({ 'openapi.json': JSON.stringify(document) });
    const { status, output } = tree.run('scripts/lint-openapi.mjs', ['--file', join(tree.root, 'openapi.json')]);
    expect(output).toMatch(/operation-4xx-response[^]*path-parameters-defined/);
    expect(status).toBe(1);
  });
});

describe('the workflow bundle', () => {
  const bundle = async (code: string) => {
    const path = 'workflows/canary.workflow.js';
    tree = new ScratchTree().linkNodeModules().write({ [path]: code, 'package.json': '{"type":"module"}' });
    const said: string[] = [];
    const say = (message: string) => void said.push(message);
    const logger = { log: () => {}, trace: say, debug: say, info: say, warn: say, error: say };
    const outcome = await bundleWorkflowCode({ workflowsPath: join(tree.root, path), logger }).then(
      () => 'bundled',
      () => 'refused',
    );
    return { outcome, said: said.join('\n') };
  };

  it('refuses Node built-ins', async () => {
    const { outcome, said } = await bundle(
      "import { readFileSync } from 'node:fs';\nexport const f = () => readFileSync('x');\n",
    );
    expect(said).toMatch(/node:fs|'fs'/);
    expect(outcome).toBe('refused');
  });

  it('takes a plain workflow', async () => {
    expect((await bundle('export const f = async () => 1;\n')).outcome).toBe('bundled');
  });
});
