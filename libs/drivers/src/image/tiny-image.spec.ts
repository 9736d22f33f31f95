/** Builds the image and boots it under TCG, behind QEMU's user network with a forward on loopback. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../process/run.js';
import { writeSeedImage } from './seed.js';
import { TINY_IMAGE_READY } from './tiny-image-guest.js';
import { buildTinyImage, type TinyImage } from './tiny-image.js';

const MIB = 1024 * 1024;

/** A machine of plain QEMU, no libvirt. */
class TestGuest {
  private constructor(
    private readonly dir: string,
    private readonly child: ChildProcess,
    readonly sshPort: number,
    readonly startedAt: number,
  ) {}

  static async start(dir: string, disks: readonly string[]): Promise<TestGuest> {
    const sshPort = await freePort();
    const drives = disks.flatMap((disk) => ['-drive', `file=${disk},if=virtio,format=${formatOf(disk)}`]);
    const startedAt = Date.now();
    const child = spawn(
      'qemu-system-x86_64',
      [
        ...['-accel', 'tcg', '-machine', 'q35', '-m', '256', '-smp', '1', '-display', 'none', '-no-user-config'],
        ...drives,
        ...['-netdev', `user,id=n0,restrict=on,hostfwd=tcp:127.0.0.1:${sshPort}-:22`],
        ...['-device', 'virtio-net-pci,netdev=n0', '-serial', `file:${dir}/serial.log`],
        ...['-qmp', `unix:${dir}/qmp.sock,server=on,wait=off`],
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    return new TestGuest(dir, child, sshPort, startedAt);
  }

  serial(): Promise<string> {
    return readFile(`${this.dir}/serial.log`, 'utf8').catch(() => '');
  }

  /** Runs a command in the guest; host keys are remembered, and a changed one is refused. */
  ssh(command: string, timeoutMs = 10_000): Promise<string> {
    const options = [
      ...['-i', `${this.dir}/key`, '-p', String(this.sshPort), '-F', '/dev/null'],
      ...['-o', `UserKnownHostsFile=${this.dir}/known_hosts`, '-o', 'StrictHostKeyChecking=accept-new'],
      ...['-o', 'HostKeyAlias=guest', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=5', '-o', 'LogLevel=ERROR'],
    ];
    return run('ssh', [...options, 'root@127.0.0.1', command], { timeoutMs });
  }

  /** Tries until the guest answers; gives the time since the start of QEMU. */
  async waitForSsh(): Promise<number> {
    for (;;) {
      const answer = await this.ssh('echo up').catch((error: unknown) => error);
      if (answer === 'up\n') return Date.now() - this.startedAt;
      if (Date.now() - this.startedAt > 90_000 || this.child.exitCode !== null) {
        expect.fail(`no SSH: ${String(answer)}\nserial console:\n${await this.serial()}`);
      }
      await sleep(100);
    }
  }

  async qmp(command: string): Promise<void> {
    const socket = createConnection(`${this.dir}/qmp.sock`);
    await once(socket, 'data');
    socket.write('{"execute":"qmp_capabilities"}\n');
    await once(socket, 'data');
    socket.write(`${JSON.stringify({ execute: command })}\n`);
    await once(socket, 'data');
    socket.destroy();
  }

  /** Waits for QEMU's end; gives its exit code. */
  async ended(timeoutMs: number): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, 'exit', { signal: AbortSignal.timeout(timeoutMs) });
    return this.child.exitCode;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

const formatOf = (disk: string): string => (disk.endsWith('.qcow2') ? 'qcow2' : 'raw');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : expect.fail('no port');
}

describe('the tiny image', () => {
  let dir: string;
  let image: TinyImage;
  let publicKey: string;
  let guest: TestGuest | undefined;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tiny-'));
    const started = Date.now();
    image = await buildTinyImage({ outputPath: join(dir, 'tiny.qcow2'), workDir: join(dir, 'work') });
    process.stdout.write(
      `tiny image: built in ${Date.now() - started} ms, ${(image.sizeBytes / MIB).toFixed(1)} MiB\n`,
    );
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', `${dir}/key`]);
    publicKey = (await readFile(`${dir}/key.pub`, 'utf8')).trim();
  }, 300_000);

  afterAll(async () => {
    await guest?.kill();
    await rm(dir, { recursive: true, force: true });
  });

  const overlay = async (name: string, size: string): Promise<string> => {
    const path = join(dir, `${name}.qcow2`);
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', image.path, '-F', 'qcow2', path, size]);
    return path;
  };

  it('is a qcow2 of less than 24 MB, and the builder leaves nothing else behind', async () => {
    expect((await stat(image.path)).size).toBeLessThan(24_000_000);
    expect(await readdir(join(dir, 'work'))).toEqual([]);
    await run('qemu-img', ['check', '-f', 'qcow2', image.path]);
  });

  it('takes the vfat seed, answers SSH, grows, keeps its identity over a reboot, and obeys the power button', async () => {
    const root = await overlay('first', '1G');
    const userData = Buffer.from('#!/bin/sh\necho ran >>/root/user-data-runs\n');
    const seed = join(dir, 'seed.img');
    await writeSeedImage({ path: seed, instanceId: 'i-1', hostname: 'web-1', publicKeys: [publicKey], userData });
    guest = await TestGuest.start(dir, [root, seed]);

    const firstSshMs = await guest.waitForSsh();
    expect(firstSshMs).toBeLessThan(30_000); // 10 s is the goal on an idle machine; this one may be busy.
    expect(await guest.ssh('hostname')).toBe('web-1\n');
    await sleep(1000);
    expect(await guest.serial()).toMatch(new RegExp(`${TINY_IMAGE_READY} host web-1 address 10\\.0\\.2\\.15/24`));
    expect(await guest.ssh('cat /root/user-data-runs')).toBe('ran\n');
    expect(Number(await guest.ssh("df -m / | awk 'END {print $2}'"))).toBeGreaterThan(900);
    await guest.ssh('echo kept >/root/note');

    const boot = await guest.ssh('cat /proc/sys/kernel/random/boot_id');
    const rebootedAt = Date.now();
    await guest.ssh('reboot').catch(() => undefined);
    await expect
      .poll(() => guest?.ssh('cat /proc/sys/kernel/random/boot_id').catch(() => boot), { timeout: 60_000 })
      .not.toBe(boot);
    // The same host key: ssh would have refused another one. User data does not run again.
    expect(await guest.ssh('cat /root/note /root/user-data-runs; hostname')).toBe('kept\nran\nweb-1\n');
    const rebootMs = Date.now() - rebootedAt;

    const pressedAt = Date.now();
    await guest.qmp('system_powerdown');
    expect(await guest.ended(30_000)).toBe(0);
    process.stdout.write(
      `tiny image: ssh after ${firstSshMs} ms, reboot ${rebootMs} ms, ACPI off ${Date.now() - pressedAt} ms\n`,
    );
    expect(await guest.serial()).not.toMatch(/EXT4-fs.*(error|recovery)|not properly unmounted|Kernel panic/);
  }, 180_000);

  it('takes an ISO seed with #cloud-config, and makes new host keys for a new instance-id', async () => {
    const config = `#cloud-config\nhostname: web-2\nssh_authorized_keys:\n  - ${publicKey}\npackages: [x]\n`;
    const iso = await isoSeed('i-2', config);
    guest = await TestGuest.start(dir, [join(dir, 'first.qcow2'), iso]);
    await rm(join(dir, 'known_hosts'));
    await guest.waitForSsh();
    const before = await run('cat', [`${dir}/known_hosts`]);
    expect(await guest.ssh('hostname; cat /root/note')).toBe('web-2\nkept\n');
    expect(await guest.serial()).toContain('ignored in #cloud-config: packages');
    await guest.kill();

    guest = await TestGuest.start(dir, [join(dir, 'first.qcow2'), await isoSeed('i-3', config)]);
    await rm(join(dir, 'known_hosts'));
    await guest.waitForSsh();
    expect(await run('cat', [`${dir}/known_hosts`])).not.toBe(before);
    await guest.kill();
  }, 180_000);

  const isoSeed = async (instanceId: string, userData: string): Promise<string> => {
    const from = join(dir, instanceId);
    await mkdir(from);
    await writeFile(join(from, 'meta-data'), `instance-id: ${instanceId}\nlocal-hostname: unused\n`);
    await writeFile(join(from, 'user-data'), userData);
    const iso = join(dir, `${instanceId}.iso`);
    await run('xorriso', ['-as', 'mkisofs', '-quiet', '-V', 'cidata', '-J', '-r', '-o', iso, from]);
    return iso;
  };
});
