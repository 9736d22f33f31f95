/**
 * A machine to install on, without a machine: network, mount, process and host-name namespaces of its own, private copies
 * (overlays in memory) of /etc, /opt, /root and /var, an empty /run, and a real sshd. Its first process ends all others
 * with it, so nothing is left behind.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError } from '@durastack/contracts/errors';

/** Kinds of host key that its sshd has. */
export type HostKeyKind = 'ed25519' | 'ecdsa' | 'rsa';

const SSHD_CONFIG = [
  'Port 22',
  'PermitRootLogin yes',
  'UsePAM no',
  'PasswordAuthentication yes',
  'KbdInteractiveAuthentication no',
  'AuthorizedKeysFile /root/.ssh/%u.keys',
  'StrictModes no',
  'PidFile none',
  'LogLevel DEBUG1',
  'MaxStartups 50',
  // No Subsystem: there is no SFTP.
  '',
].join('\n');

/** Runs as the first process of the namespaces. `$1` is the folder of the test. */
const INIT = `
set -e
mount --make-rprivate /
mkdir -p "$1/ram"
mount -t tmpfs tmpfs "$1/ram"
for name in etc opt root var; do
  mkdir -p "$1/ram/$name" "$1/ram/$name.work"
  mount -t overlay overlay -o "lowerdir=/$name,upperdir=$1/ram/$name,workdir=$1/ram/$name.work" "/$name"
done
mount -t tmpfs tmpfs /run
mkdir -p /run/sshd /run/lock /run/libvirt
rm -rf /opt/durastack /etc/durastack /var/lib/durastack /etc/libvirt/qemu/networks/autostart
hostname fresh-host
ip link set lo up
cat >> /etc/libvirt/qemu.conf <<'CONF'
user = "root"
group = "root"
security_driver = "none"
remember_owner = 0
cgroup_controllers = []
namespaces = []
CONF
while IFS=: read -r name password; do
  [ "$name" = root ] || useradd -m -s /bin/sh "$name"
  printf '%s:%s\\n' "$name" "$password" | chpasswd
done < "$1/users"
printf 'deployer ALL=(ALL) NOPASSWD: ALL\\n' > /etc/sudoers.d/deployer
mkdir -p /root/.ssh && cp "$1"/*.keys /root/.ssh/ && chmod 755 /root /root/.ssh
rm -f "$1/users"
/usr/sbin/sshd -f "$1/sshd_config" -E "$1/sshd.log"
touch "$1/ready"
# Whoever is orphaned here becomes its child and is to be reaped: libvirt waits for its probes to be gone.
while true; do sleep 3600 & wait $!; done
`;

/** Another machine. */
export class FreshHost {
  readonly address: string;
  readonly directory = mkdtempSync(join(tmpdir(), 'durastack-host-'));
  /** root and deployer (sudo without a password) log in with it; so does plain, who may not become root. */
  readonly password = randomBytes(12).toString('hex');
  /** The private key with which they log in, too. */
  readonly privateKey: string;
  private readonly name = `dt${randomBytes(4).toString('hex')}`;
  private process: ChildProcess | undefined;

  private constructor() {
    // A /30 of the range for benchmarks (RFC 2544), by chance: several runs at the same time do not meet.
    const [a = 0, b = 0] = randomBytes(2);
    this.address = `198.${18 + (a & 1)}.${b}.${(a & 0xfc) + 2}`;
    this.keygen('user-key', 'ed25519');
    this.privateKey = readFileSync(join(this.directory, 'user-key'), 'utf8');
  }

  /** Makes one and waits until its sshd answers. ENVIRONMENT with the end of its log when that does not come. */
  static async start(): Promise<FreshHost> {
    const host = new FreshHost();
    try {
      host.configure();
      host.connectNetwork();
      await host.boot();
      return host;
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  /** `SHA256:…` of one of its keys. */
  fingerprint(kind: HostKeyKind = 'ed25519'): string {
    const line = execFileSync('ssh-keygen', ['-lf', join(this.directory, `host-${kind}.pub`)], { encoding: 'utf8' });
    return line.split(' ')[1] ?? '';
  }

  /** Runs a shell script there, as root; gives what it prints. */
  run(script: string): string {
    const args = ['-t', String(this.firstProcess()), '-m', '-u', '-n', '-p', '--', 'sh', '-c', script];
    return execFileSync('nsenter', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  }

  /** What its sshd logged. */
  log(): string {
    const file = join(this.directory, 'sshd.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** Ends it with everything that runs there. */
  async stop(): Promise<void> {
    const child = this.process;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    const names = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' });
    if (names.includes(this.name)) execFileSync('ip', ['netns', 'delete', this.name]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private configure(): void {
    const kinds: readonly HostKeyKind[] = ['ed25519', 'ecdsa', 'rsa'];
    const keys = kinds.map((kind) => `HostKey ${this.keygen(`host-${kind}`, kind)}\n`).join('');
    writeFileSync(join(this.directory, 'sshd_config'), keys + SSHD_CONFIG);
    const users = ['root', 'deployer', 'plain'];
    writeFileSync(join(this.directory, 'users'), users.map((user) => `${user}:${this.password}\n`).join(''), {
      mode: 0o600,
    });
    const key = readFileSync(join(this.directory, 'user-key.pub'), 'utf8');
    for (const user of users) writeFileSync(join(this.directory, `${user}.keys`), key);
    writeFileSync(join(this.directory, 'init.sh'), INIT);
    mkdirSync(join(this.directory, 'ram'));
  }

  private connectNetwork(): void {
    const ip = (...args: string[]) => execFileSync('ip', args);
    const gateway = this.address.replace(/\d+$/, (last) => String(Number(last) - 1));
    ip('netns', 'add', this.name);
    ip('link', 'add', this.name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', this.name);
    ip('address', 'add', `${gateway}/30`, 'dev', this.name);
    ip('link', 'set', this.name, 'up');
    ip('-n', this.name, 'address', 'add', `${this.address}/30`, 'dev', 'eth0');
    ip('-n', this.name, 'link', 'set', 'eth0', 'up');
  }

  private async boot(): Promise<void> {
    const { directory, name } = this;
    const inside = ['--mount', '--uts', '--pid', '--fork', '--mount-proc', '--kill-child'];
    const args = ['netns', 'exec', name, 'unshare', ...inside, 'bash', join(directory, 'init.sh'), directory];
    this.process = spawn('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    this.process.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    for (let attempt = 0; attempt < 200 && this.process.exitCode === null; attempt += 1) {
      if (existsSync(join(directory, 'ready')) && (await this.answers())) return;
      await sleep(50);
    }
    throw new DurastackError('ENVIRONMENT', `The host for the test did not start: ${said} ${this.log()}`);
  }

  private answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(22, this.address);
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('close', () => undefined).setTimeout(1_000, () => socket.destroy());
      socket.once('data', () => socket.destroy());
    });
  }

  /** The process `bash init.sh`, as this namespace sees it: the only child of `unshare`. */
  private firstProcess(): number {
    const parent = this.process?.pid ?? 0;
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim();
    return Number(children.split(' ')[0]);
  }

  private keygen(name: string, kind: HostKeyKind): string {
    const file = join(this.directory, name);
    execFileSync('ssh-keygen', ['-q', '-t', kind, ...(kind === 'rsa' ? ['-b', '2048'] : []), '-N', '', '-f', file]);
    return file;
  }
}
