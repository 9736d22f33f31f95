/** What libvirt finds out about the emulators of this machine, gathered once: it takes seconds, and is the same for all hosts. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPrivateLibvirtd, stopPrivateLibvirtd } from '@durastack/drivers/libvirt/private-libvirtd';
import { libvirtUri } from '../parts/libvirtd.js';
import { runOrFail } from '../system/run.js';

const FIRST_CALL_TIMEOUT_MS = 90_000;

/**
 * Fills a folder with it. libvirt itself checks that it is of the present emulator, kernel and processor.
 *
 * @param kept where it is kept between labs
 * @param folder where hosts take it from
 */
export async function fillLibvirtCache(kept: string, folder: string): Promise<void> {
  const capabilities = join(kept, 'qemu/capabilities');
  if (!existsSync(capabilities) || readdirSync(capabilities).length === 0) await gather(kept);
  mkdirSync(folder, { recursive: true });
  cpSync(kept, folder, { recursive: true });
}

async function gather(cacheDir: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'dura-lab-'));
  try {
    const { socketPath } = await startPrivateLibvirtd({ dir, instance: 'lab', cacheDir });
    const args = ['--connect', libvirtUri(socketPath), 'domcapabilities', '--virttype', 'qemu'];
    await runOrFail('Asking libvirt about the emulators', 'virsh', args, { timeoutMs: FIRST_CALL_TIMEOUT_MS });
  } finally {
    await stopPrivateLibvirtd({ dir });
    rmSync(dir, { recursive: true, force: true });
  }
}
