/** Debian packages of a lab beyond those of `dura up`. */
import { SYSTEM_LIBVIRT_PACKAGES } from '@durastack/contracts/infra/host-packages';
import { TINY_IMAGE_PACKAGES } from '@durastack/drivers/image/tiny-image';
import { INSTANCE_PACKAGES } from '../parts/debian-packages.js';

/** What hosts need, and what makes hosts of one machine. */
export const LAB_PACKAGES: readonly string[] = [
  ...new Set([
    ...INSTANCE_PACKAGES,
    ...TINY_IMAGE_PACKAGES,
    ...SYSTEM_LIBVIRT_PACKAGES,
    ...['bindfs', 'ethtool', 'iputils-ping', 'openipmi', 'openssh-server', 'openvswitch-switch'],
  ]),
];
