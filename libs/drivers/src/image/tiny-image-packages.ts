/** Fetches the Debian packages that the tiny image is made of, through APT, and unpacks them. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DurastackError } from '@durastack/contracts/errors';
import { run } from '../process/run.js';

/** Kernel packages by preference: Debian's cloud kernel, then Ubuntu's names. */
const KERNEL_PACKAGES = ['linux-image-cloud-amd64', 'linux-image-kvm', 'linux-image-virtual'];
/** Packages whose programs the guest has; the libraries they need follow from their dependencies. */
const PROGRAM_PACKAGES = ['busybox-static', 'dropbear-bin', 'e2fsprogs'];

/** The unpacked packages. */
export interface UnpackedPackages {
  /** Tree of programs and libraries. */
  readonly programs: string;
  /** Tree with the kernel in `boot/` and its modules. */
  readonly kernel: string;
  /** As in `uname -r`. */
  readonly kernelVersion: string;
}

/**
 * Downloads into `workDir/packages` (APT checks signatures and checksums) and unpacks into `workDir/unpacked`. Both
 * are emptied first, so that no package of another version is picked up.
 *
 * @throws DurastackError `ENVIRONMENT` when APT knows none of the kernels (its lists were never fetched) or cannot
 *   download
 */
export async function fetchPackages(workDir: string, signal?: AbortSignal): Promise<UnpackedPackages> {
  const packagesDir = join(workDir, 'packages');
  await rm(packagesDir, { recursive: true, force: true });
  await mkdir(packagesDir, { recursive: true });
  const kernelPackages = await kernelDependencies(signal);
  const programPackages = await libraryClosure(signal);
  const wanted = [...kernelPackages, ...programPackages];
  await run('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', 'download', ...wanted], {
    cwd: packagesDir,
    timeoutMs: 900_000,
    failureCode: 'ENVIRONMENT',
    env: aptEnvironment(),
    signal,
  });
  const unpacked = join(workDir, 'unpacked');
  await rm(unpacked, { recursive: true, force: true });
  const kernel = await unpack(packagesDir, kernelPackages, join(unpacked, 'kernel'), signal);
  const programs = await unpack(packagesDir, programPackages, join(unpacked, 'programs'), signal);
  const image = (await readdir(join(kernel, 'boot'))).find((name) => name.startsWith('vmlinuz-'));
  if (image === undefined) {
    throw new DurastackError(
      'ENVIRONMENT',
      `The packages ${kernelPackages.join(', ')} hold no kernel (boot/vmlinuz-*).`,
    );
  }
  return { programs, kernel, kernelVersion: image.slice('vmlinuz-'.length) };
}

/** APT's own settings of the environment: a proxy, another configuration. */
function aptEnvironment(): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'APT_CONFIG'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

async function kernelDependencies(signal?: AbortSignal): Promise<string[]> {
  for (const metaPackage of KERNEL_PACKAGES) {
    const images = (await dependencies(metaPackage, signal)).filter((name) => /^linux-image-\d/.test(name));
    const image = images[0];
    if (image === undefined) continue;
    // Ubuntu keeps the modules in a package of their own.
    const modules = (await dependencies(image, signal)).filter((name) => /^linux-modules-\d/.test(name));
    return [image, ...modules.slice(0, 1)];
  }
  throw new DurastackError(
    'ENVIRONMENT',
    `APT offers none of ${KERNEL_PACKAGES.join(', ')}; run "apt-get update" and try again.`,
  );
}

/** Direct dependencies as APT names them; none for a package that it does not know. */
async function dependencies(name: string, signal?: AbortSignal): Promise<string[]> {
  const text = await run('apt-cache', ['depends', '--important', name], { env: aptEnvironment(), signal }).catch(
    (error: unknown) => {
      if (error instanceof DurastackError && error.code === 'STEP_REFUSED') return '';
      throw error;
    },
  );
  return [...text.matchAll(/Depends: ([^<\s]+)/g)].map((match) => match[1] ?? '');
}

async function libraryClosure(signal?: AbortSignal): Promise<string[]> {
  const left = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map((kind) => `--no-${kind}`);
  const text = await run('apt-cache', ['depends', '--recurse', ...left, ...PROGRAM_PACKAGES], {
    env: aptEnvironment(),
    signal,
  });
  const names = text.split('\n').filter((line) => /^(lib|zlib)[^:]+$/.test(line));
  return [...new Set([...PROGRAM_PACKAGES, ...names])];
}

/** Unpacks as the packages lie: in older distributions below /, in newer ones below /usr. */
async function unpack(packagesDir: string, names: string[], into: string, signal?: AbortSignal): Promise<string> {
  await mkdir(into, { recursive: true });
  const files = await readdir(packagesDir);
  for (const name of names) {
    const archive = files.find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'));
    if (archive === undefined) throw new DurastackError('ENVIRONMENT', `APT downloaded no file for package ${name}.`);
    await run('dpkg-deb', ['-x', join(packagesDir, archive), into], { signal });
  }
  return into;
}
