/** Python clients of CloudStack, installed from PyPI into a folder of their own, once per version. */
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DurastackError } from '@durastack/contracts/errors';

const run = promisify(execFile);
/** Where Debian's python3-pip-whl puts pip itself. */
const PIP_WHEELS = '/usr/share/python-wheels';

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
export async function installPythonPackages(cache: string, requirements: readonly string[]): Promise<string> {
  const target = join(cache, requirements.join('+').replaceAll('==', '-'));
  if (existsSync(target)) return target;
  mkdirSync(cache, { recursive: true });
  const partial = `${target}.${process.pid}.part`;
  await pip(['install', '--quiet', '--disable-pip-version-check', '--target', partial, ...requirements]);
  if (!existsSync(target)) renameSync(partial, target);
  return target;
}
