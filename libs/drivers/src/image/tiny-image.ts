/**
 * Builds the tiny Linux image: a small real system that boots anywhere from BIOS, made from Debian packages alone.
 *
 * Layout of the disk: MBR by syslinux; partition 1 FAT with syslinux, kernel and initramfs; partition 2 the ext4
 * root, which grows to the end of the disk at each start. No loop device, no mount: mtools, sfdisk and `mke2fs -d`
 * write into the file at offsets. What the guest does: {@link ./tiny-image-guest.ts}.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { asDurastackError, DurastackError } from '@durastack/contracts/errors';
import { publishFile } from './image-files.js';
import { run } from '../process/run.js';
import { fetchPackages, type UnpackedPackages } from './tiny-image-packages.js';
import { initramfs, stageModules, stageRoot } from './tiny-image-root.js';

/** Debian and Ubuntu packages that the builder needs on the host. */
export const TINY_IMAGE_PACKAGES: readonly string[] = [
  ...['syslinux', 'syslinux-common', 'mtools', 'fdisk', 'e2fsprogs', 'kmod', 'xz-utils', 'zstd', 'qemu-utils'],
];

/** What to build, and where. */
export interface TinyImageRequest {
  /** The qcow2 file; replaced as a whole when it exists. */
  readonly outputPath: string;
  /** A folder of the caller's for packages and the disk in the making (some 250 MiB); the builder empties what it used. */
  readonly workDir: string;
  readonly onProgress?: (percent: number, detail: string) => void;
  readonly signal?: AbortSignal;
}

/** What was built. */
export interface TinyImage {
  readonly path: string;
  readonly sizeBytes: number;
  readonly virtualSizeBytes: number;
  readonly kernelVersion: string;
}

const MIB = 1024 * 1024;
const SECTOR_BYTES = 512;
const BOOT_START_BYTES = MIB;
const ROOT_BYTES = 64 * MIB;
const SYSLINUX_MBR = '/usr/lib/syslinux/mbr/mbr.bin';
const MTOOLS_ENV = { MTOOLSRC: '/dev/null', MTOOLS_SKIP_CHECK: '1' };
const SYSLINUX_CONFIG = `DEFAULT linux
PROMPT 0
TIMEOUT 0
LABEL linux
 KERNEL vmlinuz
 INITRD initrd.gz
 APPEND quiet no_timer_check net.ifnames=0 panic=10 console=tty0 console=ttyS0,115200
`;

/**
 * Builds the image and puts it at `outputPath`, all or nothing. Must run as root (the guest's files belong to root).
 *
 * @throws DurastackError `ENVIRONMENT` when not root, a tool of {@link TINY_IMAGE_PACKAGES} or APT's lists are
 *   missing, or the network is not there; `CANCELLED` on abort
 */
export async function buildTinyImage(request: TinyImageRequest): Promise<TinyImage> {
  if (process.getuid?.() !== 0)
    throw new DurastackError('ENVIRONMENT', 'The tiny image is built as root; run as root.');
  const { outputPath, signal } = request;
  const progress = request.onProgress ?? (() => undefined);
  const build = join(request.workDir, `tiny-build-${randomBytes(4).toString('hex')}`);
  const partial = join(dirname(outputPath), `.${basename(outputPath)}.${randomBytes(4).toString('hex')}.part`);
  try {
    await mkdir(build, { recursive: true });
    progress(0, 'Downloading the kernel, busybox and dropbear packages');
    const packages = await fetchPackages(build, signal);
    progress(60, `Putting the guest together (kernel ${packages.kernelVersion})`);
    const disk = await writeDisk(packages, build, signal);
    progress(80, 'Writing the qcow2 image');
    await run('qemu-img', ['convert', '-c', '-f', 'raw', '-O', 'qcow2', disk, partial], { signal });
    await publishFile(partial, outputPath);
    progress(100, 'The image is ready');
    const virtualSizeBytes = (await stat(disk)).size;
    const sizeBytes = (await stat(outputPath)).size;
    return { path: outputPath, sizeBytes, virtualSizeBytes, kernelVersion: packages.kernelVersion };
  } catch (error) {
    throw asDurastackError(error, 'ENVIRONMENT');
  } finally {
    await rm(partial, { force: true });
    await rm(build, { recursive: true, force: true });
  }
}

/** The raw disk with both partitions; gives its path. */
async function writeDisk(packages: UnpackedPackages, build: string, signal?: AbortSignal): Promise<string> {
  const root = join(build, 'root');
  await stageRoot(packages, root);
  const modules = await stageModules(packages, root, join(build, 'boot-modules'));
  const initrd = await initramfs(packages, modules);
  const kernel = join(packages.kernel, 'boot', `vmlinuz-${packages.kernelVersion}`);

  const bootBytes = Math.ceil(((await stat(kernel)).size + initrd.length) / MIB + 3) * MIB;
  const rootStart = BOOT_START_BYTES + bootBytes;
  const disk = join(build, 'disk.raw');
  await writeFile(disk, '');
  await truncate(disk, rootStart + ROOT_BYTES);
  const sectors = (bytes: number): number => bytes / SECTOR_BYTES;
  const table =
    `label: dos\nstart=${sectors(BOOT_START_BYTES)},size=${sectors(bootBytes)},type=e,bootable\n` +
    `start=${sectors(rootStart)},size=${sectors(ROOT_BYTES)},type=83\n`;
  await run('sfdisk', ['-q', '--no-reread', '--no-tell-kernel', disk], { input: table, signal });
  await writeBootCode(disk);

  await writeFile(join(build, 'initrd.gz'), initrd);
  const fat = `${disk}@@${BOOT_START_BYTES}`;
  const geometry = ['-T', String(sectors(bootBytes)), '-h', '16', '-s', '63', '-H', String(sectors(BOOT_START_BYTES))];
  await run('mformat', ['-i', fat, ...geometry, '-v', 'TINYBOOT', '::'], { env: MTOOLS_ENV, signal });
  await run('mcopy', ['-i', fat, '-', '::syslinux.cfg'], { env: MTOOLS_ENV, input: SYSLINUX_CONFIG, signal });
  await run('mcopy', ['-i', fat, kernel, '::vmlinuz'], { env: MTOOLS_ENV, signal });
  await run('mcopy', ['-i', fat, join(build, 'initrd.gz'), '::initrd.gz'], { env: MTOOLS_ENV, signal });
  await run('syslinux', ['--offset', String(BOOT_START_BYTES), '--install', disk], { signal });

  const ext4 = ['-q', '-F', '-t', 'ext4', '-b', '4096', '-I', '256', '-m', '1', '-J', 'size=4', '-L', 'tiny-root'];
  const extended = ['-E', `offset=${rootStart},root_owner=0:0`, '-d', root];
  await run('mke2fs', [...ext4, ...extended, disk, `${ROOT_BYTES / 1024}k`], { signal });
  return disk;
}

async function writeBootCode(disk: string): Promise<void> {
  const code = await readFile(SYSLINUX_MBR).catch((cause: unknown) => {
    throw new DurastackError('ENVIRONMENT', `${SYSLINUX_MBR} is missing; install syslinux-common.`, { cause });
  });
  const file = await open(disk, 'r+');
  await file.write(code, 0, Math.min(code.length, 440), 0).finally(() => file.close());
}
