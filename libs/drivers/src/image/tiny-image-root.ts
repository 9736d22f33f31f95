/** Puts the tiny guest's root tree and its initramfs together from unpacked packages. */
import { chmod, copyFile, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DurastackError } from '@durastack/contracts/errors';
import { cpioArchive, type CpioEntry } from './cpio.js';
import { run } from '../process/run.js';
import {
  BOOT_MODULES,
  GUEST_DIRECTORIES,
  GUEST_FILES,
  GUEST_LINKS,
  INITRAMFS_INIT,
  ROOT_MODULES,
  SCSI_MODULES,
} from './tiny-image-guest.js';
import type { UnpackedPackages } from './tiny-image-packages.js';

const LIBRARY_DIR = 'lib/x86_64-linux-gnu';
const LOADER = 'ld-linux-x86-64.so.2';
/** Dynamically linked programs of the guest, without their leading /usr. */
const PROGRAMS = ['sbin/dropbear', 'bin/dropbearkey', 'bin/dbclient', 'sbin/resize2fs'];

/** Module file names (without folder) by the order in which they must be loaded. */
type LoadOrder = readonly string[];

/** Fills `root` with the guest's file system. `modules` are those of {@link stageModules}. */
export async function stageRoot(packages: UnpackedPackages, root: string): Promise<void> {
  for (const [path, mode] of Object.entries(GUEST_DIRECTORIES)) await mkdirWithMode(join(root, path), mode);
  for (const dir of ['bin', 'sbin', LIBRARY_DIR, 'lib64']) await mkdir(join(root, 'usr', dir), { recursive: true });
  for (const [path, target] of Object.entries(GUEST_LINKS)) await symlink(target, join(root, path));
  for (const [path, file] of Object.entries(GUEST_FILES)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), file.text, { mode: file.mode });
  }
  const busybox = await find(packages.programs, 'bin/busybox');
  await copyFile(busybox, join(root, 'usr/bin/busybox'));
  await stagePrograms(packages.programs, root);
  for (const applet of (await run(busybox, ['--list-full'])).split('\n').filter((line) => line !== '')) {
    await linkApplet(root, applet);
  }
}

async function mkdirWithMode(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, mode);
}

/** `/bin/x` → busybox; a real program of the same name stays. */
async function linkApplet(root: string, applet: string): Promise<void> {
  const place = `usr/${/(^|\/)sbin\//.test(applet) || applet === 'linuxrc' ? 'sbin' : 'bin'}/${basename(applet)}`;
  try {
    await symlink('/usr/bin/busybox', join(root, place));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

async function stagePrograms(programs: string, root: string): Promise<void> {
  const loader = await find(programs, `${LIBRARY_DIR}/${LOADER}`);
  await copyFile(loader, join(root, 'usr/lib64', LOADER));
  const libraryPath = ['', 'usr/'].map((prefix) => join(programs, prefix, LIBRARY_DIR)).join(':');
  for (const program of PROGRAMS) {
    const from = await find(programs, program);
    await copyFile(from, join(root, 'usr', program));
    // The suite's own loader says which libraries it takes; the host's are refused, they may be another version.
    const list = await run(loader, ['--inhibit-cache', '--library-path', libraryPath, '--list', from]);
    for (const [, name = '', path = ''] of list.matchAll(/^\s*(\S+) => (\S+)/gm)) {
      if (!path.startsWith(programs)) {
        throw new DurastackError('ENVIRONMENT', `The library ${name} of ${program} is in none of the packages.`);
      }
      if (name !== LOADER) await copyFile(path, join(root, 'usr', LIBRARY_DIR, basename(name)));
    }
  }
}

/** A file of the packages, below / or below /usr. */
async function find(tree: string, path: string): Promise<string> {
  for (const candidate of [join(tree, path), join(tree, 'usr', path)]) {
    const found = await stat(candidate).then(
      (s) => s.isFile(),
      () => false,
    );
    if (found) return candidate;
  }
  throw new DurastackError('ENVIRONMENT', `The packages hold no file /${path} or /usr/${path}.`);
}

/** What the initramfs loads. */
export interface BootModules {
  /** Folder that holds the files, decompressed. */
  readonly dir: string;
  readonly always: LoadOrder;
  readonly scsi: LoadOrder;
}

/**
 * Copies the modules that the guest needs, decompressed, into the root, and those of the initramfs into `bootDir`.
 *
 * @throws DurastackError `ENVIRONMENT` when the kernel lacks virtio altogether
 */
export async function stageModules(packages: UnpackedPackages, root: string, bootDir: string): Promise<BootModules> {
  const { kernel, kernelVersion } = packages;
  const inUsr = !(await exists(join(kernel, 'lib/modules')));
  if (inUsr) await symlink('usr/lib', join(kernel, 'lib'));
  const modulesDir = join(kernel, 'lib/modules', kernelVersion);
  await run('depmod', ['-b', kernel, kernelVersion]);
  const table = await readModuleTable(modulesDir);
  const always = loadOrder(table, BOOT_MODULES);
  const scsi = loadOrder(table, SCSI_MODULES).filter((path) => !always.includes(path));
  const inRoot = loadOrder(table, [...BOOT_MODULES, ...SCSI_MODULES, ...ROOT_MODULES]);

  const target = join(root, 'usr/lib/modules', kernelVersion);
  await mkdir(bootDir, { recursive: true });
  for (const path of inRoot) {
    const plain = join(target, plainName(path));
    await mkdir(dirname(plain), { recursive: true });
    await decompress(join(modulesDir, path), plain);
    if (always.includes(path) || scsi.includes(path)) await copyFile(plain, join(bootDir, plainName(basename(path))));
  }
  for (const name of ['modules.builtin', 'modules.builtin.modinfo', 'modules.order']) {
    if (await exists(join(modulesDir, name))) await copyFile(join(modulesDir, name), join(target, name));
  }
  await run('depmod', ['-b', root, kernelVersion]);
  await dropBinaryIndexes(target);
  const names = (paths: LoadOrder): LoadOrder => paths.map((path) => plainName(basename(path)));
  return { dir: bootDir, always: names(always), scsi: names(scsi) };
}

/** busybox reads the text indexes only. */
async function dropBinaryIndexes(dir: string): Promise<void> {
  const unused = (await readdir(dir)).filter((name) =>
    /\.bin$|^modules\.(builtin|order|symbols|softdep|devname)/.test(name),
  );
  for (const name of unused) await writeFile(join(dir, name), '');
}

interface ModuleTable {
  /** Module name (with underscores) → path, and the paths it needs, in modules.dep's order. */
  readonly byName: ReadonlyMap<string, { path: string; needs: readonly string[] }>;
  readonly builtin: ReadonlySet<string>;
}

async function readModuleTable(modulesDir: string): Promise<ModuleTable> {
  const byName = new Map<string, { path: string; needs: readonly string[] }>();
  for (const line of (await readFile(join(modulesDir, 'modules.dep'), 'utf8')).split('\n')) {
    const [path, rest = ''] = line.split(':');
    if (path) byName.set(moduleName(path), { path, needs: rest.split(' ').filter((p) => p !== '') });
  }
  const builtin = await readFile(join(modulesDir, 'modules.builtin'), 'utf8');
  return { byName, builtin: new Set(builtin.split('\n').map(moduleName)) };
}

/** Paths of the modules and of what they need, each after its own needs. What is built in, or absent, is left out. */
function loadOrder(table: ModuleTable, names: readonly string[]): LoadOrder {
  const order = new Set<string>();
  for (const name of names) {
    const module = table.byName.get(name.replaceAll('-', '_'));
    if (module !== undefined) for (const path of [...module.needs].reverse().concat(module.path)) order.add(path);
    else if (name.startsWith('virtio_blk') && !table.builtin.has(name)) {
      throw new DurastackError('ENVIRONMENT', `The kernel package has no module ${name}; its disk cannot be read.`);
    }
  }
  return [...order];
}

const plainName = (path: string): string => path.replace(/\.ko(\.\w+)?$/, '.ko');
const moduleName = (path: string): string => basename(plainName(path), '.ko').replaceAll('-', '_');

async function decompress(from: string, to: string): Promise<void> {
  await copyFile(from, `${to}${/\.ko(\.\w+)?$/.exec(from)?.[1] ?? ''}`);
  if (from.endsWith('.xz')) await run('xz', ['-d', '-f', `${to}.xz`]);
  else if (from.endsWith('.zst')) await run('zstd', ['-q', '-d', '--rm', '-f', `${to}.zst`]);
  else if (from.endsWith('.gz')) await run('gzip', ['-d', '-f', `${to}.gz`]);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** The initramfs: busybox, the boot modules, `/init`. */
export async function initramfs(packages: UnpackedPackages, modules: BootModules): Promise<Buffer> {
  const directory = 0o040755;
  const file = 0o100644;
  const program = 0o100755;
  const text = (order: LoadOrder): Buffer => Buffer.from(`${order.join('\n')}\n`);
  const entries: CpioEntry[] = [
    ...['bin', 'dev', 'proc', 'sys', 'root', 'modules'].map((path) => ({ path, mode: directory })),
    { path: 'dev/console', mode: 0o020600, device: [5, 1] },
    { path: 'bin/busybox', mode: program, content: await readFile(await find(packages.programs, 'bin/busybox')) },
    { path: 'init', mode: program, content: Buffer.from(INITRAMFS_INIT) },
    { path: 'modules/order', mode: file, content: text(modules.always) },
    { path: 'modules/order-scsi', mode: file, content: text(modules.scsi) },
  ];
  for (const name of [...modules.always, ...modules.scsi]) {
    entries.push({ path: `modules/${name}`, mode: file, content: await readFile(join(modules.dir, name)) });
  }
  return gzipSync(cpioArchive(entries), { level: 9 });
}
