/**
 * A small real Ceph cluster: one monitor, one manager, one OSD in a sparse file, cephx on, one pool for RBD. For labs
 * and specs; a single copy of everything, so nothing for data that matters.
 *
 * Needs root and no systemd. Its daemons outlive the caller; they are found again and ended by their pid files.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import { endProcess, findByPidFile, isRunning } from '../process/detached.js';
import { hostShell, type HostShell } from '../process/host-shell.js';
import { keyringEntry, newCephxKey } from './cephx-key.js';
import { smallCephConf } from './small-ceph-conf.js';

/** Debian's packages for a {@link startSmallCeph}. */
export const SMALL_CEPH_PACKAGES: readonly string[] = ['ceph-mon', 'ceph-mgr', 'ceph-osd', 'ceph-common'];

/** What {@link startSmallCeph} makes. */
export interface SmallCephOptions {
  /** For all its files; made when absent. Nothing else may lie in it: {@link stopSmallCeph} removes it. */
  readonly directory: string;
  /** The IPv4 address that its daemons bind to. It must be there. */
  readonly address: string;
  /** The monitor's ports. Default: 3300 and 6789. */
  readonly ports?: { readonly v2: number; readonly v1: number };
  /** A named network namespace in which it runs. Default: the caller's own. */
  readonly networkNamespace?: string;
  /** The OSD's size in bytes; a sparse file. Default: 16 GiB. */
  readonly osdBytes?: number;
}

/** A running cluster. */
export interface SmallCeph {
  /** `host:port`. */
  readonly monitors: readonly string[];
  readonly poolName: string;
  /** The cephx user of hosts and its key: `profile rbd`. */
  readonly user: string;
  readonly key: string;
  /** The cephx user that may blocklist, and nothing else. */
  readonly fencingUser: string;
  readonly fencingKey: string;
  /** For `ceph --conf <configFile>`: the administrator, whose key is in `adminKeyFile`. */
  readonly configFile: string;
  readonly adminKeyFile: string;
}

const POOL = 'durastack';
const USER = 'durastack';
const FENCING_USER = 'durastack-fencing';
const GIB = 2 ** 30;
const COMMAND_TIMEOUT_MS = 20_000;
const READY_TIMEOUT_MS = 60_000;
/** In the order of their start. */
const DAEMONS = [
  { name: 'mon', id: 'a' },
  { name: 'mgr', id: 'x' },
  { name: 'osd', id: '0' },
] as const;
type Daemon = (typeof DAEMONS)[number];

/**
 * Starts the cluster, or goes on with the one in the directory, and waits until its pool can be used.
 *
 * @throws DurastackError `ENVIRONMENT` when a package is missing or a daemon does not come up: with the end of its log
 */
export async function startSmallCeph(options: SmallCephOptions): Promise<SmallCeph> {
  const directory = resolve(options.directory);
  const known = await readFile(factsFile(directory), 'utf8').catch(() => undefined);
  if (known === undefined) await stopSmallCeph(directory);
  const cluster = new Cluster(directory, hostShell(options.networkNamespace));
  const facts = known === undefined ? await cluster.make(options) : (JSON.parse(known) as SmallCeph);
  for (const daemon of DAEMONS) await cluster.startDaemon(daemon);
  await cluster.awaitUsable(facts);
  return facts;
}

/** Ends the cluster of that directory and removes it; nothing there is fine. */
export async function stopSmallCeph(directory: string): Promise<void> {
  const dir = resolve(directory);
  // What a daemon would still write is removed in the next moment.
  await Promise.all((await smallCephPids(dir)).map((pid) => endProcess(pid, dir, 500)));
  await rm(dir, { recursive: true, force: true });
}

/** The daemons that run, of the cluster in that directory. */
export async function smallCephPids(directory: string): Promise<number[]> {
  const dir = resolve(directory);
  const pids = await Promise.all(DAEMONS.map((daemon) => findByPidFile(pidFileOf(dir, daemon), dir)));
  return pids.filter((pid) => pid !== undefined);
}

const factsFile = (directory: string): string => join(directory, 'cluster.json');
const pidFileOf = (directory: string, { name, id }: Daemon): string => join(directory, `${name}.${id}.pid`);

class Cluster {
  constructor(
    private readonly directory: string,
    private readonly shell: HostShell,
  ) {}

  private get conf(): string {
    return join(this.directory, 'ceph.conf');
  }

  /** Everything up to a complete, empty cluster. */
  async make(options: SmallCephOptions): Promise<SmallCeph> {
    const { directory, conf } = this;
    const { address, ports = { v2: 3300, v1: 6789 }, osdBytes = 16 * GIB } = options;
    const [fsid, osdUuid] = [randomUUID(), randomUUID()];
    for (const folder of ['mon.a', 'mgr.x', 'osd.0']) await mkdir(join(directory, folder), { recursive: true });
    await writeFile(conf, smallCephConf({ directory, fsid, address, ports, osdBytes }));
    const facts = await this.writeKeys({ monitors: [`${address}:${ports.v2}`] });
    const addresses = `[v2:${address}:${ports.v2},v1:${address}:${ports.v1}]`;
    const map = join(directory, 'monmap');
    await this.run('monmaptool', ['--create', '--addv', 'a', addresses, '--fsid', fsid, map]);
    const seed = join(directory, 'seed.keyring');
    await this.run('ceph-mon', ['-c', conf, '-i', 'a', '--mkfs', '--monmap', map, '--keyring', seed]);
    await this.startDaemon(DAEMONS[0]);
    await this.ceph('osd', 'new', osdUuid, '0');
    await this.startDaemon(DAEMONS[1]);
    await this.run('ceph-osd', ['-c', conf, '-i', '0', '--mkfs', '--osd-uuid', osdUuid]);
    await this.ceph('osd', 'crush', 'add', 'osd.0', '1.0', 'host=small', 'root=default');
    await this.startDaemon(DAEMONS[2]);
    await this.ceph('osd', 'pool', 'create', POOL, '8');
    await this.ceph('osd', 'pool', 'application', 'enable', POOL, 'rbd');
    // Written last: a cluster without this was never complete, and is made anew.
    await writeFile(`${factsFile(directory)}.part`, JSON.stringify(facts), { mode: 0o600 });
    await rename(`${factsFile(directory)}.part`, factsFile(directory));
    return facts;
  }

  private async writeKeys({ monitors }: Pick<SmallCeph, 'monitors'>): Promise<SmallCeph> {
    const { directory, conf } = this;
    const adminKeyFile = join(directory, 'admin.keyring');
    const all = { mon: 'allow *', mgr: 'allow *', osd: 'allow *' };
    const entries: string[] = [keyringEntry('mon.', newCephxKey(), { mon: 'allow *' })];
    const add = async (entity: string, caps: Record<string, string>, file?: string): Promise<string> => {
      const key = newCephxKey();
      entries.push(keyringEntry(entity, key, caps));
      if (file !== undefined) await writeFile(file, keyringEntry(entity, key), { mode: 0o600 });
      return key;
    };
    await add('client.admin', all, adminKeyFile);
    await add('mgr.x', { ...all, mon: 'allow profile mgr' }, join(directory, 'mgr.x', 'keyring'));
    await add(
      'osd.0',
      { mon: 'allow profile osd', mgr: 'allow profile osd', osd: 'allow *' },
      join(directory, 'osd.0', 'keyring'),
    );
    const pool = `profile rbd pool=${POOL}`;
    const key = await add(`client.${USER}`, { mon: 'profile rbd', osd: pool, mgr: pool });
    const fencing = 'allow r, allow command "osd blocklist", allow command "osd blocklist ls"';
    const fencingKey = await add(`client.${FENCING_USER}`, { mon: fencing });
    await writeFile(join(directory, 'seed.keyring'), entries.join('\n'), { mode: 0o600 });
    const users = { user: USER, key, fencingUser: FENCING_USER, fencingKey };
    return { monitors, poolName: POOL, ...users, configFile: conf, adminKeyFile };
  }

  /** Starts one, unless it runs. */
  async startDaemon(daemon: Daemon): Promise<void> {
    const { directory, conf } = this;
    const pidFile = pidFileOf(directory, daemon);
    if ((await findByPidFile(pidFile, directory)) !== undefined) return;
    const pid = await this.shell.startDetached({
      file: `ceph-${daemon.name}`,
      args: ['-f', '-c', conf, '-i', daemon.id],
      logFile: join(directory, `${daemon.name}.out`),
    });
    await writeFile(pidFile, `${pid}\n`);
  }

  /** A write to the pool is acknowledged: by then every daemon does its work. */
  async awaitUsable({ poolName }: SmallCeph): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    for (;;) {
      await this.requireDaemons();
      try {
        // Also what `rbd pool init` writes, and as harmless when repeated.
        await this.run('rbd', ['--conf', this.conf, 'pool', 'init', poolName], 5_000);
        await this.ceph('df');
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await sleep(200);
      }
    }
  }

  private async requireDaemons(): Promise<void> {
    for (const daemon of DAEMONS) {
      const pid = Number(await readFile(pidFileOf(this.directory, daemon), 'utf8'));
      if (await isRunning(pid)) continue;
      const said = await readFile(join(this.directory, `${daemon.name}.out`), 'utf8').catch(() => '');
      const end = said.trim().split('\n').slice(-3).join(' / ');
      throw new DurastackError('ENVIRONMENT', `ceph-${daemon.name} ended: ${end.slice(-500)}`);
    }
  }

  private ceph(...args: string[]): Promise<string> {
    return this.run('ceph', ['--conf', this.conf, ...args]);
  }

  private run(program: string, args: readonly string[], timeoutMs = COMMAND_TIMEOUT_MS): Promise<string> {
    return this.shell.run(program, args, { timeoutMs, failureCode: 'ENVIRONMENT' });
  }
}
