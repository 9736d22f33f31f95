/**
 * How a host reaches its RBD pools: a directory per pool with `ceph.conf` and the user's key, readable by root alone.
 * Keys are in files and in libvirt's memory, never in arguments, logs or answers.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RbdPoolSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { isCephxKey, keyringEntry } from './cephx-key.js';

/**
 * Short calls to a cluster that does not answer end after this: the operation waits, not a process of the host.
 * Guests' own requests have no limit: they wait until the cluster is back.
 */
const CLUSTER_TIMEOUT_S = 8;

/** A pool as it can be reached from this host. */
export interface RbdAccess {
  readonly conf: string;
  readonly keyring: string;
}

/** Where the files of one pool lie. */
function accessFiles(directory: string): RbdAccess {
  return { conf: join(directory, 'ceph.conf'), keyring: join(directory, 'keyring') };
}

/** The pools that this host was told the keys of. */
export class RbdAccesses {
  /** @param directory for the pools' directories, root's alone */
  constructor(private readonly directory: string) {}

  /**
   * The pool's files, as its present monitors and user want them.
   *
   * @throws DurastackError `POOL_UNKNOWN` when this host has no key for it
   */
  async of(pool: RbdPoolSpec): Promise<RbdAccess> {
    const files = accessFiles(join(this.directory, pool.id));
    const [conf, keyring] = await Promise.all([read(files.conf), read(files.keyring)]);
    const known = conf === confOf(pool, files) && keyring?.startsWith(`[client.${pool.user}]\n`) === true;
    if (known) return files;
    const message = `This host was not told the key of storage pool ${pool.id} (${pool.user} at ${pool.monitors.join(', ')}) yet.`;
    throw new DurastackError('POOL_UNKNOWN', message);
  }

  /** The key of the pool's user. `POOL_UNKNOWN` as {@link RbdAccesses.of}. */
  async keyOf(pool: RbdPoolSpec): Promise<string> {
    const { keyring } = await this.of(pool);
    return /^\tkey = (\S+)$/m.exec(await readFile(keyring, 'utf8'))?.[1] ?? '';
  }

  /**
   * Tries a key, and keeps it when the trial succeeds.
   *
   * @throws DurastackError `INVALID_INPUT` when it is no cephx key; whatever the trial throws
   */
  async keep<T>(pool: RbdPoolSpec, key: string, trial: (access: RbdAccess) => Promise<T>): Promise<T> {
    const partial = join(this.directory, `.${pool.id}.${randomBytes(6).toString('hex')}.part`);
    const final = join(this.directory, pool.id);
    try {
      const result = await withAccess(partial, { pool, user: pool.user, key }, trial);
      const files = accessFiles(partial);
      await writeFile(files.conf, confOf(pool, accessFiles(final)), { mode: 0o600 });
      if (!(await isSame(files, accessFiles(final)))) {
        await rm(final, { recursive: true, force: true });
        await rename(partial, final);
      }
      return result;
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }

  /** Uses another user's key, which is not kept. See {@link RbdAccesses.keep} for errors. */
  async borrow<T>(as: Identity, use: (access: RbdAccess) => Promise<T>): Promise<T> {
    const directory = join(this.directory, `.${as.pool.id}.${randomBytes(6).toString('hex')}.part`);
    try {
      return await withAccess(directory, as, use);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** The pool's files are gone. */
  async forget(poolId: string): Promise<void> {
    await rm(join(this.directory, poolId), { recursive: true, force: true });
  }
}

/** A user of a cluster, with its key. */
export interface Identity {
  readonly pool: RbdPoolSpec;
  readonly user: string;
  readonly key: string;
}

async function withAccess<T>(
  directory: string,
  { pool, user, key }: Identity,
  use: (access: RbdAccess) => Promise<T>,
): Promise<T> {
  if (!isCephxKey(key))
    throw new DurastackError(
      'INVALID_INPUT',
      `The secret of the cephx user ${user} is no cephx key; see "ceph auth get".`,
    );
  const files = accessFiles(directory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(files.keyring, keyringEntry(`client.${user}`, key), { mode: 0o600 });
  await writeFile(files.conf, confOf(pool, files), { mode: 0o600 });
  return use(files);
}

async function isSame(ours: RbdAccess, present: RbdAccess): Promise<boolean> {
  const pairs = await Promise.all([ours.conf, present.conf, ours.keyring, present.keyring].map(read));
  return pairs[0] === pairs[1] && pairs[2] === pairs[3];
}

async function read(path: string): Promise<string | undefined> {
  // A file that others may read is not trusted to be ours.
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || (found.mode & 0o077) !== 0) return undefined;
  return readFile(path, 'utf8');
}

function confOf({ monitors }: RbdPoolSpec, { keyring }: RbdAccess): string {
  const settings = {
    mon_host: monitors.join(','),
    keyring,
    client_mount_timeout: CLUSTER_TIMEOUT_S,
    rados_mon_op_timeout: CLUSTER_TIMEOUT_S,
    rados_osd_op_timeout: 2 * CLUSTER_TIMEOUT_S,
    // layering, exclusive-lock, object-map, fast-diff, deep-flatten
    rbd_default_features: 61,
    // A base image's snapshot cannot go while a volume is made over it.
    rbd_default_clone_format: 1,
    admin_socket: '',
    log_to_file: false,
    log_to_stderr: false,
    // Says whether it was the user that a monitor refused, where the call itself only ends as timed out.
    err_to_stderr: true,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  return ['[global]', ...lines, ''].join('\n');
}
