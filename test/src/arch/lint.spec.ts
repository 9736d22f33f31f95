/** Canaries of the lint rules: each must fire on a file that breaks it, and be still where it does not apply. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKOUT, ScratchTree, type Ran } from './scratch-tree.js';

const OXLINT = 'node_modules/oxlint/bin/oxlint';

interface Canary {
  /** As oxlint names it: `plugin(rule)`. */
  readonly rule: string;
  readonly file: string;
  readonly code: string;
}

const lines = (count: number) => Array.from({ length: count }, (_, i) => `void ${i};`).join('\n');
const canary = (rule: string, file: string, code: string): Canary => ({ rule, file, code: `export {};\n${code}\n` });
const LIB = 'libs/model/src';

const FIRES: readonly Canary[] = [
  canary('typescript(no-floating-promises)', `${LIB}/floating.ts`, 'const f = async () => 1;\nf();'),
  canary('typescript(no-misused-promises)', `${LIB}/misused.ts`, 'const f = async () => true;\nif (f()) void 0;'),
  canary('typescript(await-thenable)', `${LIB}/thenable.ts`, 'await 1;'),
  canary('typescript(no-explicit-any)', `${LIB}/any.ts`, 'const x: any = 1;\nvoid x;'),
  canary('eslint(eqeqeq)', `${LIB}/equal.ts`, 'const a = Math.random();\nif (a == 1) void 0;'),
  canary('eslint(no-var)', `${LIB}/var.ts`, 'var a = Math.random();\nvoid a;'),
  canary('eslint(prefer-const)', `${LIB}/const.ts`, 'let a = Math.random();\nvoid a;'),
  canary('eslint(no-empty)', `${LIB}/silent.ts`, 'try {\n  void 0;\n} catch {}'),
  canary('eslint(no-eval)', `${LIB}/eval.ts`, "eval('1');"),
  canary('eslint(no-console)', `${LIB}/console.ts`, "console.log('x');"),
  canary('eslint(no-warning-comments)', `${LIB}/later.ts`, '// TODO: later'),
  canary('unicorn(prefer-node-protocol)', `${LIB}/protocol.ts`, "import 'fs';"),
  canary('eslint(max-lines)', `${LIB}/long.ts`, lines(401)),
  canary('eslint(max-lines)', 'libs/store/src/long.ts', lines(301)),
  canary('eslint(max-lines)', 'apps/api/src/long.command.ts', lines(121)),
  canary('eslint(max-lines)', 'workflows/src/long.workflow.ts', lines(151)),
  canary('eslint(max-lines)', 'apps/host-agent/src/long.handler.ts', lines(151)),
  canary('eslint(max-lines)', 'activities/src/long.activities.ts', lines(251)),
  canary('eslint(max-lines)', `${LIB}/long.spec.ts`, lines(501)),
  canary('eslint(max-lines-per-function)', `${LIB}/long-function.ts`, `function f() {\n${lines(50)}\n}\nf();`),
  canary('eslint(no-restricted-imports)', 'apps/api/src/spawns.ts', "import 'node:child_process';"),
  canary('eslint(no-restricted-imports)', 'workflows/src/reads.ts', "import 'node:fs';"),
  canary('eslint(no-restricted-imports)', 'workflows/src/calls.ts', "import '@temporalio/client';"),
  canary('durastack(no-raw-error)', `${LIB}/raw.ts`, "throw new Error('x');"),
  canary('durastack(no-raw-error)', `${LIB}/raw-reject.ts`, "await Promise.reject(new TypeError('x'));"),
  canary(
    'durastack(no-application-failure)',
    'activities/src/failure.ts',
    "import { ApplicationFailure } from '@temporalio/common';\nthrow new ApplicationFailure('x');",
  ),
  canary(
    'durastack(no-application-failure)',
    'activities/src/made.ts',
    "import { ApplicationFailure } from '@temporalio/common';\nthrow ApplicationFailure.nonRetryable('x');",
  ),
  canary(
    'durastack(no-message-matching)',
    `${LIB}/wording.ts`,
    'const e = { message: String(Math.random()) };\nvoid e.message.includes("gone");',
  ),
  canary(
    'durastack(no-message-matching)',
    `${LIB}/pattern.ts`,
    'const e = { message: String(Math.random()) };\nvoid /gone/.test(String(e.message));',
  ),
  canary(
    'durastack(max-parameters)',
    `${LIB}/five.ts`,
    'const f = (...all: number[]) => all;\nvoid f;\nfunction g(a: 1, b: 1, c: 1, d: 1, e: 1) {\n  void [a, b, c, d, e];\n}\ng(1, 1, 1, 1, 1);',
  ),
  canary('durastack(no-reexport)', `${LIB}/barrel.ts`, "export * from './other.js';"),
  canary('durastack(no-reexport)', `${LIB}/barrel-named.ts`, "export { thing } from './other.js';"),
  canary('durastack(docstring)', `${LIB}/mute.ts`, 'export const thing = 1;'),
  canary('durastack(disable-with-reason)', `${LIB}/unexplained.ts`, "// oxlint-disable-next-line no-eval\neval('1');"),
  ...[
    'INSERT INTO t (a) VALUES (1) RETURNING id',
    'SELECT a FROM t WHERE id = ? FOR SHARE',
    'CREATE SEQUENCE s',
    'SELECT NEXT VALUE FOR s',
    'SELECT seq FROM seq_1_to_9',
    "SELECT doc->>'$.a' FROM t",
    'CREATE TABLE t (doc JSON NOT NULL)',
    'CREATE TABLE t (id UUID NOT NULL)',
    'CREATE OR REPLACE TABLE t (id int)',
    'ALTER TABLE t ADD COLUMN IF NOT EXISTS a int',
    'INSERT INTO t (a) VALUES (1) AS n ON DUPLICATE KEY UPDATE a = n.a',
    'VALUES ROW(1, 2)',
    'SELECT a FROM t, LATERAL (SELECT 1) AS x',
    'SELECT ANY_VALUE(a) FROM t',
    'SELECT 1 FROM t WHERE 2 MEMBER OF (doc)',
    'SELECT UUID_TO_BIN(id) FROM t',
    'DELETE FROM t AS x WHERE x.a = 1',
    'WITH x AS (SELECT 1) DELETE FROM t',
    'SELECT a FROM t FETCH FIRST 5 ROWS ONLY',
    'CREATE TABLE t (a char(1) COLLATE utf8mb4_0900_ai_ci)',
    'SELECT a AS rank FROM t',
  ].map((sql, i) => canary('durastack(portable-sql)', `libs/store/src/sql-${i}.ts`, `void ${JSON.stringify(sql)};`)),
  canary(
    'vitest(valid-expect)',
    `${LIB}/unasked.spec.ts`,
    "import { expect, it } from 'vitest';\nit('x', () => void expect(1));",
  ),
  canary('vitest(no-focused-tests)', `${LIB}/focused.spec.ts`, "import { it } from 'vitest';\nit.only('x', () => {});"),
  canary(
    'vitest(no-disabled-tests)',
    `${LIB}/disabled.spec.ts`,
    "import { it } from 'vitest';\nit.skip('x', () => {});",
  ),
  canary('vitest(no-restricted-vi-methods)', `${LIB}/mocked.spec.ts`, "import { vi } from 'vitest';\nvi.mock('x');"),
];

const allowed = (file: string, code: string) => ({ file, code: `${code}\n` });

/** The same deeds where they are allowed. */
const SILENT = [
  allowed(
    'libs/store/src/portable.ts',
    'void `SELECT a, COUNT(*) AS n FROM t AS x WHERE x.id = ? LOCK IN SHARE MODE ${1}`;\nvoid "DELETE FROM t WHERE a = 1";',
  ),
  allowed('libs/drivers/src/spawns.ts', "import 'node:child_process';"),
  allowed('apps/cli/src/spawns.ts', "import 'node:child_process';\nconsole.log('x');"),
  allowed('workflows/src/binds.ts', "import '@temporalio/workflow';"),
  allowed(`${LIB}/raw.spec.ts`, "throw new Error('x');"),
  allowed(
    'libs/kit/src/temporal/activity-edge.ts',
    "import { ApplicationFailure } from '@temporalio/common';\nvoid ApplicationFailure.nonRetryable('x');",
  ),
  allowed(
    `${LIB}/explained.ts`,
    "// oxlint-disable-next-line no-eval -- the canary needs it\neval('1');\n/** Said. */\nexport const thing = 1;",
  ),
  allowed('apps/api/src/short.command.ts', lines(119)),
];

describe('the linter', () => {
  const tree = new ScratchTree().copy('.oxlintrc.json', 'scripts/lint').linkNodeModules();
  let ran: Ran;
  beforeAll(() => {
    tree.write({
      'tsconfig.json': JSON.stringify({
        compilerOptions: { target: 'ES2023', module: 'nodenext', strict: true, noEmit: true, types: [] },
        include: ['**/*.ts'],
      }),
    });
    for (const { file, code } of [...FIRES, ...SILENT]) tree.write({ [file]: code });
    ran = tree.run(OXLINT, ['-f', 'unix', 'apps', 'libs', 'workflows', 'activities']);
  });
  afterAll(() => tree.remove());

  const reported = (file: string) => ran.output.split('\n').filter((line) => line.startsWith(`${file}:`));

  it('fails', () => expect(ran.status).toBe(1));

  it.each(FIRES)('$rule fires in $file', ({ rule, file }) => {
    expect(reported(file).join('\n')).toContain(`/${rule}]`);
  });

  it.each(SILENT)('says nothing of $file', ({ file }) => expect(reported(file)).toEqual([]));

  it('has a canary for each rule of the configuration', () => {
    const { rules, overrides } = JSON.parse(readFileSync(`${CHECKOUT}.oxlintrc.json`, 'utf8')) as {
      rules: Record<string, unknown>;
      overrides: { rules: Record<string, unknown> }[];
    };
    const configured = [rules, ...overrides.map((override) => override.rules)]
      .flatMap((set) => Object.entries(set))
      .filter(([, level]) => level !== 'off')
      .map(([name]) => (name.includes('/') ? name.replace('/', '(') + ')' : `eslint(${name})`));
    const proven = new Set(FIRES.map(({ rule }) => rule));
    expect([...new Set(configured)].filter((rule) => !proven.has(rule))).toEqual([]);
  });
});
