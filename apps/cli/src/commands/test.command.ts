/**
 * `dura test`: sets up as `up` does, then runs every check and every test.
 *
 * The checks are the scripts of the root package.json whose names begin with `check:`; each counts as one test. With
 * words behind it, only the specs whose path matches one of them run.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { TINY_IMAGE_PACKAGES } from '@durastack/drivers/image/tiny-image';
import { ensureImage } from '../first-cloud/image.js';
import { CHECKOUT, homeDirectory } from '../instance/home.js';
import { CEPH_PACKAGES } from '../lab/ceph/ceph.js';
import { LAB_PACKAGES } from '../lab/packages.js';
import { INSTANCE_PACKAGES, installPackages, PIP_PACKAGES } from '../parts/debian-packages.js';
import { ensureTemporalBinary, TEMPORAL_VERSION } from '../parts/temporal-binary.js';
import { run } from '../system/run.js';
import { searchPathWith } from '../system/search-path.js';
import { Steps } from '../system/steps.js';

const CHECK_TIMEOUT_MS = 15 * 60_000;
const TESTS_TIMEOUT_MS = 80 * 60_000;

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({ name: z.string(), status: z.string(), message: z.string(), assertionResults: z.array(z.unknown()) }),
  ),
});

/** Runs them; the last line is `N passed, N failed, N skipped`. @returns 0 when nothing failed and something ran */
export async function testCommand(words: readonly string[]): Promise<number> {
  const steps = new Steps();
  const searchPath = await setUp(steps);
  const env = { ...process.env, PATH: searchPath };
  const checks = words.length === 0 ? await runChecks(steps, env) : { passed: 0, failed: 0, skipped: 0 };
  const tests = await runTests(words, env);
  const total = add(checks, tests);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** @returns a PATH on which the pinned Temporal program is found first, and the checkout's tools as under npm */
async function setUp(steps: Steps): Promise<string> {
  await steps.run('Debian packages', async (note) => {
    const installed = await installPackages([
      ...new Set([...INSTANCE_PACKAGES, ...TINY_IMAGE_PACKAGES, ...PIP_PACKAGES, ...TEST_PACKAGES]),
    ]);
    note(installed.length === 0 ? 'all there' : `${installed.length} installed`);
  });
  const cache = join(homeDirectory(), 'cache');
  const binary = await steps.run(`Temporal ${TEMPORAL_VERSION}`, async (note) => {
    const found = await ensureTemporalBinary(cache);
    note(found.source);
    return found.path;
  });
  // Several specs want it, and two of them may begin at once.
  await steps.run('Image of a small Linux', () => ensureImage(cache));
  return searchPathWith(binary);
}

/** Used by specs alone: a lab with Ceph, and what they look at it with. */
const TEST_PACKAGES: readonly string[] = [
  ...LAB_PACKAGES,
  ...CEPH_PACKAGES,
  ...['ipmitool', 'openssl', 'procps', 'sudo', 'xorriso'],
];

async function runChecks(steps: Steps, env: NodeJS.ProcessEnv): Promise<Counts> {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')));
  let counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const name of Object.keys(scripts).filter((script) => script.startsWith('check:'))) {
    const passed = await runCheck(steps, name, env);
    counts = add(counts, passed ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 });
  }
  return counts;
}

/** @returns whether it passed; what it said is printed when it did not */
async function runCheck(steps: Steps, name: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    await steps.run(name, async () => {
      const result = await run('npm', ['run', '--silent', name], { cwd: CHECKOUT, env, timeoutMs: CHECK_TIMEOUT_MS });
      if (result.code === 0) return;
      throw new DurastackError('STEP_REFUSED', `${result.stdout}${result.stderr}`.trimEnd());
    });
    return true;
  } catch (error) {
    if (!isDurastackError(error)) throw error;
    process.stdout.write(`${error.message}\n`);
    return false;
  }
}

async function runTests(filters: readonly string[], env: NodeJS.ProcessEnv): Promise<Counts> {
  const directory = mkdtempSync(join(tmpdir(), 'dura-test-'));
  const outputFile = join(directory, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`];
  try {
    const vitest = join(CHECKOUT, 'node_modules/vitest/vitest.mjs');
    const { code } = await run(process.execPath, [vitest, 'run', ...reporters, ...filters], {
      cwd: CHECKOUT,
      env,
      inherit: true,
      timeoutMs: TESTS_TIMEOUT_MS,
    });
    if (!existsSync(outputFile)) return { passed: 0, failed: 1, skipped: 0 };
    return countTests(JSON.parse(readFileSync(outputFile, 'utf8')), code);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Counts a report of vitest's JSON reporter. A spec file that could not even be loaded counts as one failure, and so
 * does a run that failed for no test's sake (an unhandled error, a failed global setup).
 */
export function countTests(json: unknown, exitCode: number): Counts {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = report.parse(json);
  const unloaded = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  const failed = numFailedTests + unloaded;
  return {
    passed: numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: numPendingTests + numTodoTests,
  };
}

function add(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}
