/** docs/adding-an-operation.md is true: its files, put into a copy of the repository, build, keep the rules and hold. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKOUT, ScratchTree } from './scratch-tree.js';

const BUILD_TIMEOUT_MS = 120_000;
const MATRIX_TIMEOUT_MS = 180_000;
const COPIED = ['apps', 'libs', 'workflows', 'activities', 'test', 'scripts'];
const SETTINGS = ['package.json', 'tsconfig.json', 'tsconfig.base.json', 'vitest.config.ts', '.oxlintrc.json'];

interface Snippet {
  readonly kind: 'file' | 'insert';
  readonly path: string;
  readonly text: string;
}

const page = readFileSync(join(CHECKOUT, 'docs/adding-an-operation.md'), 'utf8');
const snippets = [...page.matchAll(/^```ts (file|insert)=(\S+)\n([^]*?)^```$/gm)].map(
  ([, kind, path, text]): Snippet => ({ kind: kind as Snippet['kind'], path: path ?? '', text: text ?? '' }),
);
const files = snippets.filter((snippet) => snippet.kind === 'file').map((snippet) => snippet.path);

/** Everything but the workspace's own packages, which the copy has itself. */
function linkInstalled(tree: ScratchTree): void {
  const from = join(CHECKOUT, 'node_modules');
  for (const name of readdirSync(from)) {
    if (name === '@durastack' || name.startsWith('.')) continue;
    tree.linkTo(`node_modules/${name}`, join(from, name));
  }
  for (const group of ['apps', 'libs']) {
    for (const name of readdirSync(join(CHECKOUT, group)))
      tree.link(`node_modules/@durastack/${name}`, `${group}/${name}`);
  }
  for (const name of ['workflows', 'activities', 'test']) tree.link(`node_modules/@durastack/${name}`, name);
}

function copyRepository(tree: ScratchTree): void {
  const kept = (source: string) =>
    !/(^|\/)(node_modules|build|\.durastack[^/]*)(\/|$)/.test(relative(CHECKOUT, source));
  for (const path of [...COPIED, ...SETTINGS])
    cpSync(join(CHECKOUT, path), join(tree.root, path), { recursive: true, preserveTimestamps: true, filter: kept });
  linkInstalled(tree);
}

/** Imports go to the top, the rest behind the line that opens the list. */
function insert(tree: ScratchTree, { path, text }: Snippet): void {
  const before = readFileSync(join(tree.root, path), 'utf8');
  const lines = text.split('\n');
  const imports = lines.filter((line) => line.startsWith('import '));
  const body = lines.filter((line) => !line.startsWith('import '));
  const opened = before.replace(/^export const [A-Z_]+.* = \{$/m, (line) => [line, ...body].join('\n'));
  expect(opened).not.toBe(before);
  writeFileSync(join(tree.root, path), opened.replace(/^import /m, `${imports.join('\n')}\nimport `));
}

describe('the example of docs/adding-an-operation.md', () => {
  const tree = new ScratchTree();
  beforeAll(() => {
    copyRepository(tree);
    for (const snippet of snippets) {
      if (snippet.kind === 'file') tree.write({ [snippet.path]: snippet.text });
      else insert(tree, snippet);
    }
  }, BUILD_TIMEOUT_MS);
  afterAll(() => tree.remove());

  it('is new, and shows the five files and the scenario', () => {
    expect(files).toHaveLength(5);
    expect(files.filter((path) => existsSync(join(CHECKOUT, path)))).toEqual([]);
    expect(snippets.filter((snippet) => snippet.kind === 'insert')).toHaveLength(1);
  });

  it(
    'compiles',
    () => {
      const { status, output } = tree.run('node_modules/typescript/bin/tsc', ['-b']);
      expect(output).toBe('');
      expect(status).toBe(0);
    },
    BUILD_TIMEOUT_MS,
  );

  it('keeps the house rules and the borders', () => {
    const lint = tree.run('node_modules/oxlint/bin/oxlint', ['-f', 'unix', ...files]);
    expect(lint.output).toBe('');
    const borders = tree.run('scripts/check-borders.mjs', ['--root', tree.root]);
    expect(files.filter((file) => borders.output.includes(`: ${file} → `))).toEqual([]);
  });

  it(
    'survives every crash of the matrix',
    () => {
      const { status, output } = tree.run('node_modules/vitest/vitest.mjs', [
        'run',
        'test/src/crash/crash-matrix-machines.spec.ts',
        '-t',
        'powerCycleVirtualMachine',
      ]);
      expect(output).toMatch(/Tests .*\d\d+ passed/);
      expect(status).toBe(0);
    },
    MATRIX_TIMEOUT_MS,
  );
});
