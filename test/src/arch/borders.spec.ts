/** Canaries of the borders: each rule of .dependency-cruiser.mjs must fire on a file that breaks it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKOUT, PACKAGES, ScratchTree, type Ran } from './scratch-tree.js';

const CHECK = 'scripts/check-borders.mjs';

/** folder → the packages of the workspace that it must not see (design: "Layout and boundaries"). */
const NEVER: Readonly<Record<string, readonly string[]>> = {
  'libs/contracts': [
    'model',
    'kit',
    'store',
    'drivers',
    'workflows',
    'activities',
    'api',
    'worker',
    'host-agent',
    'cli',
  ],
  'libs/model': ['kit', 'store', 'drivers', 'workflows', 'activities', 'api', 'worker', 'host-agent', 'cli'],
  'libs/kit': ['model', 'store', 'drivers', 'workflows', 'activities', 'api', 'worker', 'host-agent', 'cli'],
  'libs/store': ['model', 'drivers', 'workflows', 'activities', 'api', 'worker', 'host-agent', 'cli'],
  'libs/drivers': ['model', 'store', 'workflows', 'activities', 'api', 'worker', 'host-agent', 'cli'],
  workflows: ['model', 'kit', 'store', 'drivers', 'activities', 'api', 'worker', 'host-agent', 'cli'],
  activities: ['drivers', 'workflows', 'api', 'worker', 'host-agent', 'cli'],
  'apps/api': ['drivers', 'workflows', 'activities', 'worker', 'host-agent', 'cli'],
  'apps/worker': ['model', 'drivers', 'workflows', 'api', 'host-agent', 'cli'],
  'apps/host-agent': ['model', 'store', 'workflows', 'activities', 'api', 'worker', 'cli'],
  'apps/cli': ['model', 'workflows', 'activities', 'api', 'worker', 'host-agent'],
};

/** folder → what it may import, so that a rule that refuses everything is noticed. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'libs/model': ['contracts'],
  'libs/kit': ['contracts'],
  'libs/store': ['contracts', 'kit'],
  'libs/drivers': ['contracts', 'kit'],
  activities: ['contracts', 'model', 'store', 'kit'],
  'apps/api': ['contracts', 'store', 'model', 'kit'],
  'apps/worker': ['contracts', 'store', 'kit', 'activities'],
  'apps/host-agent': ['contracts', 'drivers', 'kit'],
  'apps/cli': ['contracts', 'kit', 'store', 'drivers'],
  test: ['contracts', 'model', 'kit', 'store', 'drivers', 'workflows', 'activities'],
};

interface Canary {
  readonly rule: string;
  readonly file: string;
  readonly imports: string;
  /** Other files that the canary needs. */
  readonly beside?: Readonly<Record<string, string>>;
}

const nameOf = (folder: string) => folder.split('/').at(-1) ?? folder;
const importing = (specifier: string) => `import '${specifier}';\n`;

const FOLDER_CANARIES: readonly Canary[] = Object.entries(NEVER).flatMap(([folder, targets]) =>
  targets.map((target) => ({
    rule: `${folder.replace('/', '-')}-borders`,
    file: `${folder}/src/sees-${target}.ts`,
    imports: `@durastack/${target}/probe`,
  })),
);

const OTHER_CANARIES: readonly Canary[] = [
  { rule: 'contracts-know-zod-alone', file: 'libs/contracts/src/canary.ts', imports: 'fastify' },
  { rule: 'model-knows-no-package', file: 'libs/model/src/canary.ts', imports: 'typeorm' },
  { rule: 'workflows-know-temporal-workflow-alone', file: 'workflows/src/canary.ts', imports: '@temporalio/client' },
  { rule: 'drivers-know-no-framework', file: 'libs/drivers/src/canary.ts', imports: '@nestjs/common' },
  { rule: 'host-agent-knows-no-database', file: 'apps/host-agent/src/canary.ts', imports: 'mysql2' },
  { rule: 'api-runs-no-workflow', file: 'apps/api/src/canary.ts', imports: '@temporalio/worker' },
  { rule: 'activities-know-no-worker', file: 'activities/src/canary.ts', imports: '@temporalio/workflow' },
  { rule: 'store-knows-no-temporal', file: 'libs/store/src/canary.ts', imports: '@temporalio/client' },
  { rule: 'pure-folders-know-no-node', file: 'workflows/src/reads-files.ts', imports: 'node:fs' },
  { rule: 'pure-folders-know-no-node', file: 'libs/contracts/src/reads-files.ts', imports: 'node:fs' },
  { rule: 'pure-folders-know-no-node', file: 'libs/model/src/reads-files.ts', imports: 'node:fs' },
  { rule: 'pure-folders-know-no-node', file: 'libs/kit/src/saga/reads-files.ts', imports: 'node:fs' },
  { rule: 'only-drivers-spawn', file: 'apps/api/src/spawns.ts', imports: 'node:child_process' },
  { rule: 'only-drivers-spawn', file: 'apps/host-agent/src/spawns.ts', imports: 'child_process' },
  {
    rule: 'drivers-apart',
    file: 'libs/drivers/src/libvirt/canary.ts',
    imports: '../simulator/probe.js',
    beside: { 'libs/drivers/src/simulator/probe.ts': 'export {};\n' },
  },
  {
    rule: 'drivers-apart',
    file: 'libs/drivers/src/linux-bridge/canary.ts',
    imports: '../openvswitch/probe.js',
    beside: { 'libs/drivers/src/openvswitch/probe.ts': 'export {};\n' },
  },
  {
    rule: 'drivers-apart',
    file: 'libs/drivers/src/dnsmasq/canary.ts',
    imports: '../network/probe.js',
    beside: { 'libs/drivers/src/network/probe.ts': 'export {};\n' },
  },
  {
    rule: 'saga-kit-alone-in-workflows',
    file: 'libs/kit/src/saga/canary.ts',
    imports: '../log/probe.js',
    beside: { 'libs/kit/src/log/probe.ts': 'export {};\n' },
  },
  {
    rule: 'api-reads-hosts-in-one-place',
    file: 'apps/api/src/asks-hosts.ts',
    imports: '@durastack/kit/agent-client/probe',
    beside: { 'libs/kit/dist/agent-client/probe.js': 'export {};\n' },
  },
  {
    rule: 'no-cycles',
    file: 'libs/kit/src/cycle/a.ts',
    imports: './b.js',
    beside: { 'libs/kit/src/cycle/b.ts': importing('./a.js') },
  },
  { rule: 'resolvable', file: 'apps/cli/src/canary.ts', imports: '@durastack/kit/no-such-file' },
  {
    rule: 'no-imports-of-specs',
    file: 'libs/kit/src/uses-spec.ts',
    imports: './canary.spec.js',
    beside: { 'libs/kit/src/canary.spec.ts': 'export {};\n' },
  },
  { rule: 'no-development-packages-in-products', file: 'libs/kit/src/uses-vitest.ts', imports: 'vitest' },
  { rule: 'specs-stay-in-reach', file: 'libs/kit/src/reach.spec.ts', imports: '@durastack/api/probe' },
];

const CANARIES = [...FOLDER_CANARIES, ...OTHER_CANARIES];
const INSTALLED = [
  'zod',
  'fastify',
  'typeorm',
  'mysql2',
  'vitest',
  '@nestjs/common',
  '@temporalio/client',
  '@temporalio/worker',
  '@temporalio/workflow',
];

/** The outline: every package as built, and the registry's packages as stubs. */
function outline(): ScratchTree {
  const tree = new ScratchTree();
  for (const folder of PACKAGES) {
    tree.copy(`${folder}/package.json`).write({ [`${folder}/dist/probe.js`]: 'export {};\n' });
    tree.link(`node_modules/@durastack/${nameOf(folder)}`, folder);
  }
  tree.write({ 'libs/kit/dist/saga/probe.js': 'export {};\n', 'libs/kit/dist/temporal/operation-workflow.js': '' });
  for (const name of INSTALLED) {
    tree.write({
      [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
      [`node_modules/${name}/index.js`]: '',
    });
  }
  return tree;
}

describe('a broken border', () => {
  const tree = outline();
  let ran: Ran;
  beforeAll(() => {
    for (const { file, imports, beside } of CANARIES) tree.write({ ...beside, [file]: importing(imports) });
    ran = tree.run(CHECK, ['--root', tree.root]);
  });
  afterAll(() => tree.remove());

  it('fails the check', () => expect(ran.status).toBe(1));

  it.each(CANARIES)('$rule: $file → $imports', ({ rule, file }) => {
    expect(ran.output).toContain(`${rule}: ${file} → `);
  });

  it('has a canary for each rule', async () => {
    const config = (await import(`${CHECKOUT}.dependency-cruiser.mjs`)) as {
      default: { forbidden: { name: string }[] };
    };
    const proven = new Set(CANARIES.map((canary) => canary.rule));
    expect(config.default.forbidden.map((rule) => rule.name).filter((name) => !proven.has(name))).toEqual([]);
  });
});

describe('what the borders allow', () => {
  const tree = outline();
  afterAll(() => tree.remove());

  it('passes', () => {
    for (const [folder, targets] of Object.entries(ALLOWED)) {
      for (const target of targets)
        tree.write({ [`${folder}/src/sees-${target}.ts`]: importing(`@durastack/${target}/probe`) });
    }
    tree.write({
      'libs/contracts/src/sees-zod.ts': importing('zod'),
      'workflows/src/sees-saga.ts': importing('@durastack/kit/saga/probe'),
      'workflows/src/sees-binding.ts': importing('@durastack/kit/temporal/operation-workflow'),
      'workflows/src/sees-temporal.ts': importing('@temporalio/workflow'),
      'libs/drivers/src/libvirt/spawns.ts': importing('node:child_process'),
      'libs/drivers/src/libvirt/plugs.ts': importing('../network/port.js'),
      'libs/drivers/src/linux-bridge/knows-ports.ts': importing('../network/port.js'),
      'libs/drivers/src/network/port.ts': 'export {};\n',
    });
    const { status, output } = tree.run(CHECK, ['--root', tree.root]);
    expect(output).toContain('source files keep within the borders');
    expect(status).toBe(0);
  });

  it('fails when the checker is blind', () => {
    // Without swc the cruiser understands no TypeScript 7, finds nothing, and says that all is well.
    tree.write({
      'blind.cjs': `
        const Module = require('node:module');
        const resolve = Module._resolveFilename;
        Module._resolveFilename = (name, ...rest) => {
          if (name.startsWith('@swc/')) throw Object.assign(new Error(name), { code: 'MODULE_NOT_FOUND' });
          return resolve(name, ...rest);
        };`,
    });
    const { status, output } = tree.run(CHECK, ['--root', tree.root], ['--require', `${tree.root}/blind.cjs`]);
    expect(output).toMatch(/modules-missed: cruised 0 of \d+ source files/);
    expect(status).toBe(1);
  });
});
