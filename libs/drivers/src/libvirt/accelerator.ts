/**
 * Whether KVM is of use on this host.
 *
 * `/dev/kvm` alone says nothing: it may open and hang, or be slower than emulation (nested virtualisation). So the same
 * minimal guest boots under both, and KVM is taken only when its output comes and comes no later than TCG's.
 */
import { spawn } from 'node:child_process';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemPath } from '../process/run.js';
import { bootDisk } from './boot-sector.js';

/** How guests run: with the processor's help, or emulated. */
export type Accelerator = 'kvm' | 'tcg';

const MARK = 'durastack-probe-ok';
const TCG_DEADLINE_MS = 15_000;
const KVM_DEADLINE_MS = 5_000;
/** Below this both are as good as immediate, and KVM wins on everything that follows the BIOS. */
const FAST_ENOUGH_MS = 500;

/**
 * Boots a minimal guest under KVM, with a deadline.
 *
 * @param options `dir`: an existing or new directory for the probe's temporary files
 * @returns `kvm` when that guest printed in time, and not later than the same guest under TCG; `tcg` otherwise
 */
export async function probeAccelerator(options: { readonly dir: string }): Promise<Accelerator> {
  const usable = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!usable) return 'tcg';
  await mkdir(options.dir, { recursive: true });
  const dir = await mkdtemp(join(resolve(options.dir), 'probe-'));
  try {
    const image = join(dir, 'boot.img');
    await writeFile(image, bootDisk(`${MARK}\r\n`));
    const kvmMs = await bootMs('kvm', image, KVM_DEADLINE_MS);
    if (kvmMs === undefined) return 'tcg';
    if (kvmMs <= FAST_ENOUGH_MS) return 'kvm';
    const tcgMs = await bootMs('tcg', image, TCG_DEADLINE_MS);
    return tcgMs !== undefined && tcgMs < kvmMs ? 'tcg' : 'kvm';
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Milliseconds until the guest printed; undefined when it did not within the deadline. */
function bootMs(accelerator: Accelerator, image: string, deadlineMs: number): Promise<number | undefined> {
  const args = ['-accel', accelerator, '-machine', 'q35', '-cpu', accelerator === 'kvm' ? 'host' : 'qemu64'];
  args.push('-m', '16', '-nodefaults', '-display', 'none', '-serial', 'stdio', '-no-user-config');
  args.push('-drive', `file=${image.replaceAll(',', ',,')},format=raw,if=virtio,readonly=on`);
  const began = performance.now();
  return new Promise((done) => {
    const qemu = spawn('qemu-system-x86_64', args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, PATH: systemPath() },
    });
    let output = '';
    let printedAfterMs: number | undefined;
    const timer = setTimeout(() => qemu.kill('SIGKILL'), deadlineMs);
    qemu.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('latin1');
      if (printedAfterMs === undefined && output.includes(MARK)) {
        printedAfterMs = performance.now() - began;
        qemu.kill('SIGKILL');
      }
    });
    // No such emulator, or it could not be started: the guest did not run.
    qemu.on('error', () => undefined);
    qemu.on('close', () => {
      clearTimeout(timer);
      done(printedAfterMs);
    });
  });
}
