/** What the libvirt driver's verbs work with. */
import type { HostNetworks } from '../network/host-networks.js';
import type { HeldImages } from '../process/held-images.js';
import type { PoolDrivers } from '../pool/pool-drivers.js';
import type { Accelerator } from './accelerator.js';
import type { Domains } from './domains.js';
import type { OngoingPostCopies } from './migration/ongoing-post-copies.js';
import type { LibvirtClient } from './rpc/client.js';

/** One host under one instance. */
export interface LibvirtHost {
  readonly client: LibvirtClient;
  /** A connection of its own, whose end means something to libvirt. */
  readonly connect: () => LibvirtClient;
  readonly domains: Domains;
  readonly networks: HostNetworks;
  readonly pools: PoolDrivers;
  /** Images that are held for nobody, see there. */
  readonly held: HeldImages;
  readonly instance: string;
  /** Absolute directory of the machines' files. */
  readonly stateDir: string;
  /** How guests run here; found out by a timed boot unless it was given. */
  readonly accelerator: () => Promise<Accelerator>;
  readonly agentVersion: string;
  readonly postCopies: OngoingPostCopies;
}
