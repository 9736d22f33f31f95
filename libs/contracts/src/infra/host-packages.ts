/**
 * The Debian packages of a hypervisor host, by the names that Debian 12, Debian 13 and Ubuntu 24.04 share.
 * Whoever prepares a host installs these; drivers rely on nothing else.
 */

/** Programs that the drivers call: machines, disks, seeds, bridges, rules, DHCP, packed images. */
export const HYPERVISOR_PACKAGES = [
  'bzip2',
  'dnsmasq-base',
  'iproute2',
  'libvirt-clients',
  'libvirt-daemon',
  'libvirt-daemon-driver-qemu',
  'mtools',
  'nftables',
  'qemu-system-x86',
  'qemu-utils',
  'util-linux',
  'xz-utils',
] as const;

/** What a host needs besides when its libvirt runs as a service of the system. */
export const SYSTEM_LIBVIRT_PACKAGES = ['libvirt-daemon-system'] as const;

/** What a host needs besides for networks that span hosts. */
export const VXLAN_PACKAGES = ['openvswitch-switch'] as const;

/** What a host needs besides for storage pools on Ceph RBD. */
export const RBD_PACKAGES = ['ceph-common', 'qemu-block-extra'] as const;
