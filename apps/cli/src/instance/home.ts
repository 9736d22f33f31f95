/**
 * The data directory of one instance: everything that an instance has lies below it.
 *
 * Unix sockets lie deep inside (VNC of a machine: 57 characters below) and may be 107 bytes long at most, so for a
 * long path the parts are given a short name for the same directory: a symbolic link in /run.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DurastackError, asDurastackError } from '@durastack/contracts/errors';

/** The checkout that this program was built in. */
export const CHECKOUT = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');

/** Downloads and what is found out about this machine, shared by the instances beside the first. */
export const SHARED_CACHE = join(CHECKOUT, '.durastack/cache');

/** Where `dura sim` has its instance unless the environment names another directory. */
export const SIMULATOR_HOME = '.durastack-sim';

/** Names the present build of the checkout: when it was made. */
export function currentBuild(): string {
  const stamp = statSync(join(CHECKOUT, 'node_modules/.durastack-built'), { throwIfNoEntry: false });
  return stamp === undefined ? 'unknown' : stamp.mtime.toISOString();
}

const LONGEST_PLAIN_PATH = 48;
const LINKS = '/run/durastack';

/** Paths of one instance. */
export interface Home {
  /** The data directory, without symbolic links. */
  readonly root: string;
  /** The same directory as the parts are told it: short enough for sockets. */
  readonly work: string;
  /** Short name, unique to the directory: domains, bridges and processes carry it. */
  readonly name: string;
  readonly instanceFile: string;
  readonly lockFile: string;
  readonly adminFile: string;
  readonly dataKeyFile: string;
  readonly sshKeyFile: string;
  readonly logs: string;
  readonly mariadb: string;
  readonly temporal: string;
  readonly libvirt: string;
  readonly agent: string;
  readonly pool: string;
  readonly images: string;
  readonly cache: string;
}

/**
 * The data directory that the environment names: DURASTACK_HOME, else one in the checkout.
 *
 * @param name of that one
 */
export function homeDirectory(env: NodeJS.ProcessEnv = process.env, name = '.durastack'): string {
  return resolve(env['DURASTACK_HOME'] || join(CHECKOUT, name));
}

/** Whether there is an instance in the directory. */
export function homeExists(directory: string): boolean {
  return existsSync(join(directory, 'instance.json'));
}

/**
 * The paths of the instance in a directory; makes nothing.
 *
 * @param directory absolute; need not exist
 */
export function describeHome(directory: string): Home {
  const root = existsSync(directory) ? realpathSync(directory) : directory;
  const name = `d${createHash('sha256').update(root).digest('hex').slice(0, 6)}`;
  const work = root.length <= LONGEST_PLAIN_PATH ? root : join(LINKS, name);
  return {
    root,
    work,
    name,
    instanceFile: join(root, 'instance.json'),
    lockFile: join(root, 'lock'),
    adminFile: join(root, 'admin.json'),
    dataKeyFile: join(root, 'data.key'),
    sshKeyFile: join(root, 'ssh-key'),
    logs: join(root, 'logs'),
    mariadb: join(work, 'mariadb'),
    temporal: join(work, 'temporal'),
    libvirt: join(work, 'libvirt'),
    agent: join(work, 'agent'),
    pool: join(work, 'pool'),
    images: join(work, 'images'),
    cache: join(root, 'cache'),
  };
}

/**
 * Makes the directories of an instance where they are missing.
 *
 * @throws ENVIRONMENT when the directory cannot be written
 */
export function prepareHome(directory: string): Home {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const home = describeHome(directory);
    for (const path of [home.logs, home.cache]) mkdirSync(path, { recursive: true });
    linkHome(home);
    for (const path of [home.mariadb, home.temporal, home.libvirt, home.agent, home.pool, home.images]) {
      mkdirSync(path, { recursive: true, mode: 0o700 });
    }
    return home;
  } catch (error) {
    throw unwritable(directory, error);
  }
}

/**
 * Refuses to begin where the disk would be full before the end.
 *
 * @param neededMib free space that must be there
 * @throws ENVIRONMENT naming both figures
 */
export function requireFreeSpace(home: Home, neededMib: number): void {
  const { bavail, bsize } = statfsSync(home.root);
  const freeMib = Math.floor((bavail * bsize) / 2 ** 20);
  if (freeMib >= neededMib) return;
  const message = `The disk of ${home.root} has ${freeMib} MiB free and ${neededMib} MiB are needed; free some space or set DURASTACK_HOME.`;
  throw new DurastackError('ENVIRONMENT', message);
}

/** Removes the data directory and its short name. Everything in it is lost. */
export function removeHome(home: Home): void {
  if (home.work !== home.root && isLink(home.work)) rmSync(home.work);
  rmSync(home.root, { recursive: true, force: true });
}

function linkHome(home: Home): void {
  if (home.work === home.root) return;
  mkdirSync(LINKS, { recursive: true, mode: 0o755 });
  if (isLink(home.work)) {
    if (readlinkSync(home.work) === home.root) return;
    rmSync(home.work);
  }
  symlinkSync(home.root, home.work);
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function unwritable(directory: string, error: unknown): DurastackError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC') {
    return new DurastackError('ENVIRONMENT', `The disk of ${directory} is full; free some space and run it again.`, {
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR' || code === 'EEXIST') {
    const message = `The data directory ${directory} cannot be written (${code}); run as root or set DURASTACK_HOME.`;
    return new DurastackError('ENVIRONMENT', message, { cause: error });
  }
  return asDurastackError(error, 'ENVIRONMENT');
}
