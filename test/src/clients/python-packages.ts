/** Python clients of CloudStack, installed from PyPI into a folder of their own, once per version. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DurastackError } from '@durastack/contracts/errors';

const run = promisify(execFile);
/** Where Debian's python3-pip-whl puts pip itself. */
const PIP_WHEELS = '/usr/share/python-wheels';
const UNPACK = fileURLToPath(new URL('../../src/clients/unpack_wheel.py', import.meta.url));

async function pip(args: readonly string[]): Promise<void> {
  const options = { maxBuffer: 2 ** 24, env: process.env };
  try {
    await run('python3', ['-m', 'pip', ...args], options);
  } catch (error) {
    if (!/No module named pip/.test(String(error))) throw error;
    const wheel = readdirSync(PIP_WHEELS).find((name) => /^pip-.*\.whl$/.test(name));
    if (!wheel)
      throw new DurastackError(
        'ENVIRONMENT',
        'Neither pip nor the package python3-pip-whl is there; ./dura test installs it.',
        { cause: error },
      );
    // Run from inside its wheel, pip cannot see certificates that lie in it; the machine's own are used.
    const cert = process.env['PIP_CERT'] ?? '/etc/ssl/certs/ca-certificates.crt';
    await run('python3', [join(PIP_WHEELS, wheel, 'pip'), ...args], {
      ...options,
      env: { ...process.env, PIP_CERT: cert },
    });
  }
}

/**
 * Installs packages.
 *
 * @param cache folder that keeps them
 * @param requirements pinned, e.g. `cs==5.2.0`
 * @returns the folder for PYTHONPATH
 */
export function installPythonPackages(cache: string, requirements: readonly string[]): Promise<string> {
  return once(cache, requirements, (target) => pipInstall(target, requirements));
}

/**
 * Installs Ansible with some of its collections. The package `ansible` has a hundred, of half a gigabyte, so only the
 * wanted ones are unpacked, beside the `ansible-core` that it asks for.
 *
 * @param cache folder that keeps it
 * @param release pinned: `ansible` has the collections
 * @param requirements pinned: `ansible-core` and what the modules import
 * @returns the folder for PYTHONPATH, which Ansible searches for collections too
 */
export function installAnsible(
  cache: string,
  {
    ansible,
    requirements,
    collections,
  }: { ansible: string; requirements: readonly string[]; collections: readonly string[] },
): Promise<string> {
  return once(cache, [ansible, ...requirements], async (target) => {
    const wheels = mkdtempSync(join(cache, 'wheels-'));
    try {
      await pip(['download', '--quiet', '--disable-pip-version-check', '--no-deps', '--dest', wheels, ansible]);
      await pipInstall(target, requirements);
      const folders = collections.map((name) => `ansible_collections/${name.replace('.', '/')}`);
      for (const wheel of readdirSync(wheels)) await run('python3', [UNPACK, join(wheels, wheel), target, ...folders]);
    } finally {
      rmSync(wheels, { recursive: true, force: true });
    }
  });
}

async function pipInstall(target: string, requirements: readonly string[]): Promise<void> {
  await pip(['install', '--quiet', '--disable-pip-version-check', '--target', target, ...requirements]);
}

/** Fills a folder of the cache that is named after what is in it, unless it is there. Two at once do no harm. */
async function once(
  cache: string,
  requirements: readonly string[],
  fill: (target: string) => Promise<void>,
): Promise<string> {
  const target = join(cache, requirements.join('+').replaceAll('==', '-'));
  if (existsSync(target)) return target;
  mkdirSync(cache, { recursive: true });
  const partial = `${target}.${process.pid}.part`;
  await fill(partial);
  if (!existsSync(target)) renameSync(partial, target);
  return target;
}
