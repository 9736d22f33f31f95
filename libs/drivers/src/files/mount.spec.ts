import { describe, expect, it } from 'vitest';
import { mountIn, mountOf } from './mount.js';

const ROOT = '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw';
const NFS = '40 22 0:52 / /mnt/vms rw,relatime shared:9 - nfs4 filer:/vms rw,vers=4.2';

describe('the mount of a directory', () => {
  it('is the nearest above it, and of several on one place the last', () => {
    expect(mountIn(`${ROOT}\n${NFS}\n`, '/mnt/vms/pool')).toMatch(/^nfs4 filer:\/vms #[0-9a-f]{12}$/);
    expect(mountIn(`${ROOT}\n${NFS}\n`, '/mnt/vmsother')).toMatch(/^ext4 \/dev\/sda1 #/);
    const covered = `${ROOT}\n${NFS}\n41 40 0:53 / /mnt/vms rw - tmpfs tmpfs rw`;
    expect(mountIn(covered, '/mnt/vms')).toMatch(/^tmpfs tmpfs #/);
    expect(mountIn('', '/mnt')).toBeUndefined();
  });

  it.each([
    ['another mount', NFS.replace('40 22', '44 22')],
    ['other options', NFS.replace('vers=4.2', 'vers=3,nolock')],
    ['another server', NFS.replace('filer:', 'other:')],
  ])('is told by another text after %s', (_, line) => {
    expect(mountIn(line, '/mnt/vms')).not.toBe(mountIn(NFS, '/mnt/vms'));
  });

  it('is the same text while other mounts come and go, and bears names with blanks', () => {
    expect(mountIn(NFS.replace('shared:9', 'shared:9 master:4'), '/mnt/vms')).toBe(mountIn(NFS, '/mnt/vms'));
    expect(mountIn('40 22 0:52 / /mnt/my\\040vms rw - nfs4 a:/my\\040vms rw', '/mnt/my vms/x')).toMatch(
      /^nfs4 a:\/my vms #/,
    );
  });

  it('is found for a directory of this machine', async () => {
    expect(await mountOf('/')).toMatch(/ #[0-9a-f]{12}$/);
  });
});
