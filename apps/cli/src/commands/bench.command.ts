/** `dura bench`: runs the yardsticks of docs/benchmarks.md in a process of their own. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT, homeDirectory } from '../instance/home.js';
import { INSTANCE_PACKAGES, installPackages } from '../parts/debian-packages.js';
import { ensureTemporalBinary } from '../parts/temporal-binary.js';
import { run } from '../system/run.js';
import { searchPathWith } from '../system/search-path.js';

const TIMEOUT_MS = 4 * 60 * 60_000;

/** Hands every word on; what is missing on the machine is installed first. @returns the exit code of the bench */
export async function benchCommand(words: readonly string[]): Promise<number> {
  await installPackages(INSTANCE_PACKAGES);
  const cache = join(homeDirectory(), 'cache');
  mkdirSync(cache, { recursive: true });
  const { path } = await ensureTemporalBinary(cache);
  const { code } = await run(process.execPath, [join(CHECKOUT, 'test/dist/bench/main.js'), ...words], {
    env: { ...process.env, PATH: searchPathWith(path) },
    inherit: true,
    timeoutMs: TIMEOUT_MS,
  });
  return code;
}
