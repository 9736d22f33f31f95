/** Where the hosts' disks lie: in the lab's directory, or in memory where its file system cannot carry overlays. */
import { mkdirSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { runOrFail } from '../system/run.js';

/** What cannot be the upper layer of an overlay, by what statfs calls it: a container's own overlay, above all. */
const UNSUITABLE: ReadonlySet<number> = new Set([
  0x794c7630, // overlayfs
  0x65735546, // FUSE
  0x6969, // NFS
  0x01021997, // 9p
]);

/**
 * Makes the folder of the hosts; nothing happens to one that is there.
 *
 * @returns whether it is in memory: its hosts are lost when the machine is restarted
 */
export async function ensureDisks(folder: string): Promise<boolean> {
  mkdirSync(folder, { recursive: true });
  if (isMounted(folder)) return true;
  const { type } = await statfs(folder);
  if (!UNSUITABLE.has(type)) return false;
  await runOrFail("Making the hosts' disks in memory", 'mount', ['-t', 'tmpfs', '-o', 'mode=755', 'lab', folder]);
  return true;
}

/** Takes it from memory where it is there. */
export async function releaseDisks(folder: string): Promise<void> {
  if (isMounted(folder)) await runOrFail("Removing the hosts' disks", 'umount', [folder]);
}

function isMounted(folder: string): boolean {
  // The kernel writes blanks in paths as \040.
  const written = folder.replaceAll(' ', String.raw`\040`);
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[1] === written);
}
