/**
 * A libvirtd of an instance's own, beside the machine's and beside other instances': private `/run/libvirt`,
 * `/etc/libvirt` and `/var/{lib,log,cache}/libvirt` by bind mounts in a mount namespace, the machine's network.
 *
 * Needs root and no systemd. Machines outlive it: after `kill -9` the next start adopts them.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';
import { endProcess, findByPidFile, isRunning } from '../process/detached.js';
import { hostShell } from '../process/host-shell.js';

/** Where the private daemon lives and what it is called. */
export interface PrivateLibvirtdOptions {
  /** Directory for all its files; made when absent. Short: unix sockets lie in it (at most 107 characters in all). */
  readonly dir: string;
  /** Name of the instance; recorded in the daemon's configuration. */
  readonly instance: string;
  /** Added to its environment, e.g. `OVS_RUNDIR`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where libvirt keeps what it learnt of the emulators; default `<dir>/cache`. Shared by short-lived daemons. */
  readonly cacheDir?: string;
  /** A named network namespace in which it makes its taps (a lab's host). Default: the caller's own. */
  readonly networkNamespace?: string;
  /** Lines of its `qemu.conf`. Default: QEMU runs as root and libvirt leaves the owners of files alone. */
  readonly qemuConf?: readonly string[];
}

/** A running private daemon. */
export interface PrivateLibvirtd {
  readonly pid: number;
  readonly socketPath: string;
}

// Propagation is slave: a file system that the host mounts later (a pool) appears in the namespace, nothing leaves it.
const START_TIMEOUT_MS = 20_000;
const MAX_SOCKET_PATH = 107;
const LOCKED_TRIES = 20;
const LOCKED_PAUSE_MS = 250;
const QEMU_USER = 'libvirt-qemu';

/** Binds `$1/{run,etc,lib,log}` and `$2` over the system's directories, becomes libvirtd. Values are arguments. */
const ENTER = [
  'set -e; D=$1; C=$2; shift 2',
  'mkdir -p /run/libvirt /etc/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt',
  'mount --bind "$D/run" /run/libvirt',
  'mount --bind "$D/etc" /etc/libvirt',
  'mount --bind "$C" /var/cache/libvirt',
  'for d in lib log; do mount --bind "$D/$d" "/var/$d/libvirt"; done',
  'for f in passwd group; do if [ -e "$D/accounts/$f" ]; then mount --bind "$D/accounts/$f" "/etc/$f"; fi; done',
  // QEMU outlives its parent and falls to process 1, which in a container may collect ended processes late or never;
  // libvirt waits for that at every power-off. tini collects them at once.
  'if command -v tini >/dev/null; then exec tini -s -- "$@"; fi',
  'exec "$@"',
].join('\n');

/** The daemon's socket below its directory. */
export function privateLibvirtSocket(dir: string): string {
  return join(resolve(dir), 'run', 'libvirt-sock');
}

/**
 * Starts the daemon unless it runs already, and waits until its socket answers (some 0.1 s; the very first call on a
 * fresh directory takes seconds more, because libvirt then probes the emulators).
 *
 * @returns its pid and socket; its output is in `<dir>/libvirtd.log`
 * @throws DurastackError `ENVIRONMENT` when libvirtd is missing, is not root, or does not come up: with the end of its log
 */
export async function startPrivateLibvirtd(options: PrivateLibvirtdOptions): Promise<PrivateLibvirtd> {
  const dir = resolve(options.dir);
  const socketPath = privateLibvirtSocket(dir);
  await checkPossible(socketPath);
  const running = await findPrivateLibvirtd(dir);
  if (running && (await answers(socketPath))) return { pid: running, socketPath };
  if (running) await endProcess(running, pidFileOf(dir));
  await layOut(dir, options);
  const cacheDir = resolve(options.cacheDir ?? join(dir, 'cache'));
  await mkdir(cacheDir, { recursive: true });
  const logFile = join(dir, 'libvirtd.log');
  for (let tries = 1; ; tries++) {
    // A daemon that is just ending may still answer on its socket.
    await rm(socketPath, { force: true });
    const pid = await hostShell(options.networkNamespace).startDetached({
      file: 'unshare',
      args: ['--mount', '--propagation', 'slave', 'sh', '-c', ENTER, 'enter', dir, cacheDir, ...daemon(dir)],
      logFile,
      ...(options.env ? { env: options.env } : {}),
    });
    try {
      await awaitSocket(pid, socketPath, logFile);
      return { pid: (await findPrivateLibvirtd(dir)) ?? pid, socketPath };
    } catch (error) {
      // One that was killed keeps its lock until the last of its threads has ended, which may be after its process.
      if (tries === LOCKED_TRIES || !String(error).includes('Failed to acquire pid file')) throw error;
      await sleep(LOCKED_PAUSE_MS);
    }
  }
}

/** The pid of the private daemon of this directory, if it runs. */
export async function findPrivateLibvirtd(dir: string): Promise<number | undefined> {
  return findByPidFile(pidFileOf(resolve(dir)), pidFileOf(resolve(dir)));
}

/** Ends the private daemon of this directory. Its machines keep running; repeating it does nothing. */
export async function stopPrivateLibvirtd(options: { readonly dir: string }): Promise<void> {
  const dir = resolve(options.dir);
  const pid = await findPrivateLibvirtd(dir);
  if (pid !== undefined) await endProcess(pid, pidFileOf(dir), 10_000);
  await rm(pidFileOf(dir), { force: true });
}

/** The pid file's full path is on the command line too: that is how the process is told from any other libvirtd. */
function pidFileOf(dir: string): string {
  return join(dir, 'run', 'libvirtd.pid');
}

function daemon(dir: string): string[] {
  return ['libvirtd', '--pid-file', pidFileOf(dir), '--config', join(dir, 'etc', 'libvirtd.conf')];
}

async function checkPossible(socketPath: string): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new DurastackError('ENVIRONMENT', 'A private libvirtd needs root; run this as root');
  if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH) {
    const text = `${socketPath} is too long for a unix socket (at most ${MAX_SOCKET_PATH} bytes); choose a shorter directory`;
    throw new DurastackError('ENVIRONMENT', text);
  }
}

async function layOut(dir: string, { instance, qemuConf }: PrivateLibvirtdOptions): Promise<void> {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const bootFile = join(dir, 'boot-id');
  const lastBoot = await readFile(bootFile, 'utf8').catch(() => '');
  // What /run held before a restart of the machine names processes that are gone.
  if (lastBoot.trim() !== bootId) await rm(join(dir, 'run'), { recursive: true, force: true });
  // A QEMU that is not root passes through it to its own directories.
  const runMode = qemuConf ? 0o711 : 0o700;
  for (const name of ['run', 'etc', 'lib', 'log']) {
    await mkdir(join(dir, name), { recursive: true, mode: name === 'run' ? runMode : 0o755 });
  }
  for (const name of ['lib/qemu', 'log/qemu', 'etc/qemu/networks']) await mkdir(join(dir, name), { recursive: true });
  // An own /etc/libvirt without qemu/networks/autostart: the system's `default` network never comes up here.
  await writeFile(join(dir, 'etc', 'libvirtd.conf'), libvirtdConf(instance), { mode: 0o600 });
  await writeFile(join(dir, 'etc', 'qemu.conf'), [...(qemuConf ?? QEMU_CONF), ''].join('\n'), { mode: 0o600 });
  await writeAccounts(join(dir, 'accounts'));
  await writeFile(bootFile, `${bootId}\n`);
}

/**
 * libvirt refuses to start without the user that Debian built it for, though machines run as root here. Where no
 * package has made that user (libvirt-daemon-system does, and brings a service with it), the daemon alone sees one.
 */
async function writeAccounts(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true });
  const lines = {
    passwd: `${QEMU_USER}:x:64055:64055:QEMU of libvirt:/var/lib/libvirt:/usr/sbin/nologin\n`,
    group: `${QEMU_USER}:x:64055:\n`,
  };
  for (const [name, line] of Object.entries(lines)) {
    const present = await readFile(`/etc/${name}`, 'utf8');
    if (present.split('\n').some((entry) => entry.startsWith(`${QEMU_USER}:`))) continue;
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, name), `${present.trimEnd()}\n${line}`, { mode: 0o644 });
  }
}

function libvirtdConf(instance: string): string {
  return [
    `# private libvirtd of the instance ${instance}; written at each start`,
    'listen_tls = 0',
    'listen_tcp = 0',
    'auth_unix_ro = "none"',
    'auth_unix_rw = "none"',
    'unix_sock_rw_perms = "0700"',
    'log_outputs = "2:stderr"',
    '',
  ].join('\n');
}

/** The lines of `qemu.conf` where machines run as root, and nobody else is on the host. */
export const QEMU_CONF: readonly string[] = [
  'user = "root"',
  'group = "root"',
  'security_driver = "none"',
  'cgroup_controllers = []',
  'namespaces = []',
  'stdio_handler = "file"',
  'remember_owner = 0',
];

async function awaitSocket(pid: number, socketPath: string, logFile: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (await answers(socketPath)) return;
    if (!(await isRunning(pid))) throw await notUp('ended at once', logFile);
    await sleep(20);
  }
  const failure = await notUp(`does not answer within ${START_TIMEOUT_MS / 1000} s`, logFile);
  process.kill(pid, 'SIGKILL');
  throw failure;
}

async function notUp(what: string, logFile: string): Promise<DurastackError> {
  const tail = (await readFile(logFile, 'utf8').catch(() => '')).trim().split('\n').slice(-3).join(' | ');
  const text = `The private libvirtd ${what}: ${tail || 'no output'}. See ${logFile}; is libvirt-daemon-system installed?`;
  return new DurastackError('ENVIRONMENT', text);
}

async function answers(socketPath: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(socketPath);
    const end = (result: boolean) => (): void => {
      socket.destroy();
      done(result);
    };
    socket.once('connect', end(true)).once('error', end(false)).setTimeout(2_000, end(false));
  });
}
