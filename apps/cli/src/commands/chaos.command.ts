/**
 * `dura chaos`: operations by several tenants while processes are killed and paused, and a judgement of what was
 * promised. It runs on a cloud of its own and touches no instance; the program lies with the tests.
 */
import { join } from 'node:path';
import { SYSTEM_LIBVIRT_PACKAGES } from '@durastack/contracts/infra/host-packages';
import { TINY_IMAGE_PACKAGES } from '@durastack/drivers/image/tiny-image';
import { CHECKOUT, homeDirectory } from '../instance/home.js';
import { INSTANCE_PACKAGES, installPackages, PIP_PACKAGES } from '../parts/debian-packages.js';
import { ensureTemporalBinary } from '../parts/temporal-binary.js';
import { run } from '../system/run.js';
import { searchPathWith } from '../system/search-path.js';
import { parseWords } from './arguments.js';

/** 10,000 operations take about 40 minutes. */
const TIMEOUT_MS = 24 * 3_600_000;

/** Runs it. @returns 0 when every promise was kept, 1 when not */
export async function chaosCommand(words: readonly string[]): Promise<number> {
  // Refused here, before anything is installed, in the words of every other command.
  const { values } = parseWords('chaos', words, {
    operations: { type: 'string' },
    seed: { type: 'string' },
    simulator: { type: 'boolean' },
    libvirt: { type: 'boolean' },
    lab: { type: 'boolean' },
    json: { type: 'boolean' },
  });
  const withGuests = values.libvirt || values.lab;
  const forHosts = withGuests ? [...TINY_IMAGE_PACKAGES, ...SYSTEM_LIBVIRT_PACKAGES] : [];
  await installPackages([...INSTANCE_PACKAGES, ...PIP_PACKAGES, ...forHosts]);
  const binary = await ensureTemporalBinary(join(homeDirectory(), 'cache'));
  const { code } = await run(process.execPath, [join(CHECKOUT, 'test/dist/chaos/main.js'), ...words], {
    cwd: CHECKOUT,
    env: { ...process.env, PATH: searchPathWith(binary.path) },
    inherit: true,
    timeoutMs: TIMEOUT_MS,
  });
  return code;
}
