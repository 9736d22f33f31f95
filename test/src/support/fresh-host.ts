/**
 * A machine to install on, without a machine: namespaces of its own, a private copy (an overlay in memory) of this
 * machine's root, and a real sshd. Its first process ends all others with it, so nothing is left behind.
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

/** What the host's own files are, inside of it. */
const INSIDE = '/srv/fresh-host';

/**
 * Runs as the first process of the namespaces. `$1` is the folder of the test, `$2` is `systemd` or `plain`.
 *
 * The root is an overlay in memory over this machine's, the old root is unmounted: whatever runs here (systemd empties
 * /tmp at boot) cannot reach a file, a setting of the kernel or the clock of this machine.
 */
const INIT = `
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1/ram"
mkdir "$1/ram/upper" "$1/ram/work" "$1/ram/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/ram/upper,workdir=$1/ram/work" "$1/ram/root"
new=$1/ram/root
for name in dev run tmp; do mount -t tmpfs tmpfs "$new/$name"; done
chmod 1777 "$new/tmp"
mkdir -p "$new/dev/net" "$new/dev/pts" "$new/dev/shm"
for node in null zero full random urandom tty kvm net/tun; do
  if [ -e "/dev/$node" ]; then touch "$new/dev/$node"; mount --bind "/dev/$node" "$new/dev/$node"; fi
done
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$new/dev/pts"
ln -s pts/ptmx "$new/dev/ptmx"; ln -s /proc/self/fd "$new/dev/fd"
mount -t tmpfs tmpfs "$new/dev/shm"
mount -t proc proc "$new/proc"
mount --bind "$new/proc/sys/net" "$new/proc/sys/net"
mount --bind "$new/proc/sys" "$new/proc/sys"
mount -o remount,bind,ro "$new/proc/sys"
mount --bind "$new/proc/sys/net" "$new/proc/sys/net" && mount -o remount,bind,rw "$new/proc/sys/net"
mount -t sysfs -o ro sysfs "$new/sys"
mkdir -p "$new${INSIDE}"
cp "$1"/host-* "$1"/*.keys "$1/users" "$1/sshd_config" "$new${INSIDE}/"
cd "$new"
mkdir -p old
pivot_root . old
umount -l /old
rmdir /old
cd /
[ "$(stat -f -c %T /)" = overlayfs ] && [ "$(stat -f -c %T /tmp)" = tmpfs ] && ! [ -e "$1" ]
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
done < ${INSIDE}/users
rm ${INSIDE}/users
printf 'deployer ALL=(ALL) NOPASSWD: ALL\\n' > /etc/sudoers.d/deployer
mkdir -p /root/.ssh && cp ${INSIDE}/*.keys /root/.ssh/ && chmod 755 /root /root/.ssh
sshd="/usr/sbin/sshd -f ${INSIDE}/sshd_config -E ${INSIDE}/sshd.log"
if [ "$2" = systemd ]; then
  rm -rf /etc/systemd/system; mkdir /etc/systemd/system; cd /etc/systemd/system
  # Without one it would be a first boot, which enables everything that is installed.
  od -An -N16 -tx1 /dev/urandom | tr -d ' \\n' > /etc/machine-id
  printf '[Unit]\\nRequires=basic.target fresh-sshd.service\\nAfter=basic.target\\nAllowIsolate=yes\\n' > default.target
  printf '[Service]\\nExecStart=%s -D\\nExecStartPre=/bin/mkdir -p /run/sshd\\nKillMode=process\\n' "$sshd" > fresh-sshd.service
  for unit in systemd-sysctl systemd-modules-load systemd-udevd systemd-udev-trigger systemd-binfmt systemd-timesyncd \\
    systemd-random-seed systemd-logind systemd-networkd; do ln -s /dev/null "$unit.service"; done
  mount -o remount,rw /sys; mount -t tmpfs tmpfs /sys/fs/cgroup; mkdir /sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd; mount -o remount,ro /sys
  export container=lxc
  exec setpriv --bounding-set -sys_time,-sys_module,-sys_boot,-sys_rawio /lib/systemd/systemd --system --log-target=journal
fi
$sshd
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

  private constructor(private readonly init: 'systemd' | 'plain') {
    // A /30 of the range for benchmarks (RFC 2544), by chance: several runs at the same time do not meet.
    const [a = 0, b = 0] = randomBytes(2);
    this.address = `198.${18 + (a & 1)}.${b}.${(a & 0xfc) + 2}`;
    this.keygen('user-key', 'ed25519');
    this.privateKey = readFileSync(join(this.directory, 'user-key'), 'utf8');
  }

  /** Makes one and waits until its sshd answers. ENVIRONMENT with the end of its log when that does not come. */
  static async start({ systemd = false } = {}): Promise<FreshHost> {
    const host = new FreshHost(systemd ? 'systemd' : 'plain');
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
    const args = [
      '-t',
      String(this.firstProcess()),
      '-m',
      '-u',
      '-i',
      '-n',
      '-p',
      '-r',
      '-w',
      '--',
      'sh',
      '-c',
      script,
    ];
    return execFileSync('nsenter', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  }

  /** What its sshd logged. */
  log(): string {
    const file = `/proc/${this.firstProcess()}/root${INSIDE}/sshd.log`;
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
    for (const kind of kinds) this.keygen(`host-${kind}`, kind);
    const keys = kinds.map((kind) => `HostKey ${INSIDE}/host-${kind}\n`).join('');
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
    const inside = ['--mount', '--uts', '--ipc', '--pid', '--cgroup', '--fork', '--mount-proc', '--kill-child'];
    const args = [
      'netns',
      'exec',
      name,
      'unshare',
      ...inside,
      'bash',
      join(directory, 'init.sh'),
      directory,
      this.init,
    ];
    this.process = spawn('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    this.process.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    for (let attempt = 0; attempt < 200 && this.process.exitCode === null; attempt += 1) {
      if (await this.answers()) return;
      await sleep(50);
    }
    throw new DurastackError('ENVIRONMENT', `The host for the test did not start: ${said}`);
  }

  private answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(22, this.address);
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('close', () => undefined).setTimeout(1_000, () => socket.destroy());
      socket.once('data', () => socket.destroy());
    });
  }

  /** The first process there, as this namespace sees it: the only child of `unshare`. */
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
