/** The settings of a lab host's services, written at each start as a distribution's packages would have left them. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { QEMU_CONF } from '@durastack/drivers/libvirt/private-libvirtd';
import { hostFiles, readHostSpec, type HostSpec } from './host-spec.js';

/** Names of the settings that services are started with. */
export const SETTINGS = {
  sshd: '/etc/ssh/lab_sshd_config',
  libvirtd: '/etc/libvirt/libvirtd.conf',
  ovsDatabase: '/etc/openvswitch/conf.db',
} as const;

const MACHINES = '/var/lib/durastack/host';

/** Writes them. */
export function writeConfiguration(spec: HostSpec): void {
  writeFileSync('/etc/hostname', `${spec.name}\n`);
  writeFileSync('/etc/hosts', `127.0.0.1 localhost\n${spec.management.address} ${spec.name}\n::1 localhost\n`);
  writeSshd();
  writeFileSync(SETTINGS.libvirtd, libvirtdConf(spec));
  writeFileSync('/etc/libvirt/qemu.conf', [...QEMU_CONF, ''].join('\n'));
  rememberAccelerator(spec);
}

/** The host's folder as the host itself sees it. */
const DIRECTORY = '/mnt/host';

/** @returns the specification, read from within the host */
export function ownSpec(): HostSpec {
  return readHostSpec(DIRECTORY);
}

function writeSshd(): void {
  const files = hostFiles(DIRECTORY);
  const key = '/etc/ssh/lab_host_key';
  mkdirSync('/etc/ssh', { recursive: true });
  copyFileSync(files.sshKey, key);
  copyFileSync(files.authorizedKeys, '/etc/ssh/lab_authorized_keys');
  const lines = [
    'Port 22',
    `HostKey ${key}`,
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'AuthorizedKeysFile /etc/ssh/lab_authorized_keys',
    'UsePAM no',
    'UseDNS no',
    'PidFile none',
    '',
  ];
  writeFileSync(SETTINGS.sshd, lines.join('\n'));
}

function libvirtdConf({ uuid }: HostSpec): string {
  return [
    // Never on the network: migrations come through the agent.
    'listen_tls = 0',
    'listen_tcp = 0',
    'auth_unix_ro = "none"',
    'auth_unix_rw = "none"',
    'unix_sock_rw_perms = "0700"',
    // The machine's own UUID is the same for all of its lab hosts, and libvirt does not migrate to itself.
    `host_uuid = "${uuid}"`,
    'log_outputs = "2:stderr"',
    '',
  ].join('\n');
}

/** All hosts are this machine: the answer that the agent would find by a timed boot is known. */
function rememberAccelerator({ accelerator }: HostSpec): void {
  const bootId = readFileSync(hostFiles(DIRECTORY).bootId, 'utf8').trim();
  mkdirSync(MACHINES, { recursive: true, mode: 0o711 });
  writeFileSync(join(MACHINES, 'accelerator'), `${bootId} ${accelerator}\n`);
}
