/** A throw-away copy of the workspace's outline, in which canaries break one rule each. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const CHECKOUT = fileURLToPath(new URL('../../../', import.meta.url));

/** Every workspace package, by folder. */
export const PACKAGES = [
  'libs/contracts',
  'libs/model',
  'libs/kit',
  'libs/store',
  'libs/drivers',
  'workflows',
  'activities',
  'apps/api',
  'apps/worker',
  'apps/host-agent',
  'apps/cli',
  'test',
] as const;

/** What a command printed, and how it ended. */
export interface Ran {
  readonly status: number | null;
  readonly output: string;
}

/** A temporary folder with the checkout's layout. */
export class ScratchTree {
  readonly root = mkdtempSync(join(tmpdir(), 'durastack-canary-'));

  /** Writes files, by path from the root. */
  write(files: Readonly<Record<string, string>>): this {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.root, path)), { recursive: true });
      writeFileSync(join(this.root, path), text);
    }
    return this;
  }

  /** Copies paths of the checkout. */
  copy(...paths: readonly string[]): this {
    for (const path of paths) cpSync(join(CHECKOUT, path), join(this.root, path), { recursive: true });
    return this;
  }

  /** Makes a symbolic link at `path` to another path of the tree. */
  link(path: string, target: string): this {
    return this.linkTo(path, join(this.root, target));
  }

  /** Makes a symbolic link at `path` to something outside of the tree. */
  linkTo(path: string, target: string): this {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    symlinkSync(target, join(this.root, path));
    return this;
  }

  /** Lets the tree see the checkout's installed packages. */
  linkNodeModules(): this {
    return this.linkTo('node_modules', join(CHECKOUT, 'node_modules'));
  }

  /** Runs a program of the checkout's node_modules, or a script, in the tree. */
  run(script: string, args: readonly string[] = [], nodeArgs: readonly string[] = []): Ran {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeArgs, join(CHECKOUT, script), ...args], {
      cwd: this.root,
      encoding: 'utf8',
      // oxlint looks for its type-aware companion on PATH, where npm puts it for scripts.
      env: { ...process.env, PATH: [join(CHECKOUT, 'node_modules/.bin'), process.env['PATH']].join(delimiter) },
    });
    return { status, output: `${stdout}${stderr}` };
  }

  /** Removes it. */
  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
