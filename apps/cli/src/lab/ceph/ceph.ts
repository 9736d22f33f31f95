/** The lab's Ceph cluster: small, real, with its daemons on the lab's storage network. */
import {
  SMALL_CEPH_PACKAGES,
  startSmallCeph,
  stopSmallCeph,
  type SmallCeph,
  type SmallCephOptions,
} from '@durastack/drivers/rbd/small-ceph';
import { installPackages } from '../../parts/debian-packages.js';

/** What a lab with Ceph needs besides: the daemons, the tools, and QEMU's part for RBD. */
export const CEPH_PACKAGES: readonly string[] = [...SMALL_CEPH_PACKAGES, 'qemu-block-extra'];

/** A running cluster, and how it is ended. */
export interface LabCeph extends SmallCeph {
  /** Ends its daemons and removes its directory. */
  stop(): Promise<void>;
}

/**
 * Starts the cluster, or finds it running; installs what is missing.
 *
 * @param options its directory, which holds nothing else, its address and network namespace, which are there
 * @throws DurastackError `ENVIRONMENT` with what is missing, or the end of the log of the daemon that did not come up
 */
export async function startCeph(options: SmallCephOptions): Promise<LabCeph> {
  await installPackages(CEPH_PACKAGES);
  const cluster = await startSmallCeph(options);
  return { ...cluster, stop: () => stopCeph(options.directory) };
}

/** Ends the cluster of a directory and removes that; nothing there is fine. */
export function stopCeph(directory: string): Promise<void> {
  return stopSmallCeph(directory);
}

/** Parameters of createStoragePool for the cluster's pool; they hold its secrets. */
export function cephPoolParameters({ monitors, poolName, user, key, fencingUser, fencingKey }: SmallCeph): {
  readonly url: string;
  readonly 'details[0].key': string;
  readonly 'details[0].value': string;
  readonly 'details[1].key': string;
  readonly 'details[1].value': string;
} {
  return {
    url: `rbd://${user}:${encodeURIComponent(key)}@${monitors[0]}/${poolName}`,
    'details[0].key': 'fencinguser',
    'details[0].value': fencingUser,
    'details[1].key': 'fencingsecret',
    'details[1].value': fencingKey,
  };
}
