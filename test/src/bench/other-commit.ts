/** Another commit, checked out and built beside this one, to run the same scenario on both. */
import { execFile } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DurastackError } from '@durastack/contracts/errors';
import { endTogether, onInterruption } from '../support/interruption.js';

const CHECKOUT = resolve(fileURLToPath(new URL('../../..', import.meta.url)));
const OWN_SCOPE = '@durastack';
const BUILD_TIMEOUT_MS = 20 * 60_000;
const MAX_OUTPUT = 2 ** 26;
const run = promisify(execFile);

/** A built checkout of a commit. */
export interface OtherCommit {
  readonly directory: string;
  /** Its program of this bench. */
  readonly main: string;
  remove(): Promise<void>;
}

/**
 * Makes one in a temporary git worktree.
 *
 * @param ref anything that git resolves to a commit
 * @throws INVALID_INPUT when there is no such commit, or it has no bench
 */
export async function buildOtherCommit(ref: string): Promise<OtherCommit> {
  const commit = await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`).catch(() => '');
  if (commit === '') throw new DurastackError('INVALID_INPUT', `There is no commit "${ref}" in ${CHECKOUT}.`);
  const parent = mkdtempSync(join(tmpdir(), 'durastack-against-'));
  const directory = join(parent, 'checkout');
  await git('worktree', 'add', '--detach', '--quiet', directory, commit);
  const remove = async (): Promise<void> => {
    forget();
    await git('worktree', 'remove', '--force', directory);
    rmSync(parent, { recursive: true, force: true });
  };
  const forget = onInterruption(remove);
  try {
    if (!existsSync(join(directory, 'test/src/bench/main.ts')))
      throw new DurastackError(
        'INVALID_INPUT',
        `The commit ${ref} is older than "dura bench", so it cannot be compared.`,
      );
    await installPackages(directory);
    await inDirectory(directory, join(directory, 'node_modules/.bin/tsc'), '-b');
    await inDirectory(directory, process.execPath, 'apps/worker/build.mjs');
    await inDirectory(directory, process.execPath, 'apps/host-agent/build.mjs');
    return { directory, main: join(directory, 'test/dist/bench/main.js'), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

const git = async (...args: string[]) => (await run('git', ['-C', CHECKOUT, ...args])).stdout.trim();

async function inDirectory(cwd: string, command: string, ...args: string[]): Promise<void> {
  try {
    const running = run(command, args, { cwd, timeout: BUILD_TIMEOUT_MS, maxBuffer: MAX_OUTPUT });
    endTogether(running.child);
    await running;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const said = `${stdout}${stderr}`.trim().slice(-2_000);
    throw new DurastackError('ENVIRONMENT', `${command} ${args.join(' ')} failed in ${cwd}:\n${said}`, {
      cause: error,
    });
  }
}

/** The same packages where the lock is the same, by links; else as the lock says. */
async function installPackages(directory: string): Promise<void> {
  const lock = (root: string) => readFileSync(join(root, 'package-lock.json'), 'utf8');
  if (lock(directory) !== lock(CHECKOUT)) {
    await inDirectory(directory, 'npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error');
    return;
  }
  const from = join(CHECKOUT, 'node_modules');
  const to = join(directory, 'node_modules');
  mkdirSync(join(to, OWN_SCOPE), { recursive: true });
  for (const name of readdirSync(from)) {
    if (name === '.package-lock.json' || name === '.cache' || name === '.durastack-built') continue;
    if (name !== OWN_SCOPE) symlinkSync(join(from, name), join(to, name));
  }
  // The workspace's own packages are links to folders beside node_modules: here they are those of the other commit.
  for (const name of readdirSync(join(from, OWN_SCOPE))) {
    const link = join(from, OWN_SCOPE, name);
    if (lstatSync(link).isSymbolicLink()) symlinkSync(readlinkSync(link), join(to, OWN_SCOPE, name));
  }
}
