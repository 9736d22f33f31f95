/**
 * The host agent's verbs: all *ensure* verbs, all-or-nothing on the host, safe to repeat.
 *
 * A driver implements one function per verb (`libs/drivers`), the agent guards each with the token ledger, the
 * activities call it through the agent client. Long verbs are started by key, polled and cancelled; the agent
 * keeps them on disk.
 */
import { z } from 'zod';
import { IMAGE_LOCK_VERBS } from './image-lock-verbs.js';
import { MIGRATION_VERBS } from './migration-verbs.js';
import { POOL_BEAT_VERBS } from './pool-beat-verbs.js';
import { nothing, verb } from './verb.js';
import { VOLUME_TRANSFER_VERBS } from './volume-transfer-verbs.js';
import { transferProgress } from '../operations/transfer-progress.js';
import { maintenanceHookParams, maintenanceHookResult } from './maintenance-hook.js';
import {
  cephName,
  dataVolumeSpec,
  discSpec,
  hostFacts,
  hostInventory,
  id,
  FETCHED_FORMATS,
  MAX_DATA_VOLUMES,
  imageStoreSpec,
  networkSpec,
  nicSpec,
  poolSpec,
  rbdPoolSpec,
  POWER_STATES,
  vmSpec,
  volumeSpec,
} from './specs.js';

/** What a host can see of another one. */
const PEER_SIGHTS = ['agent', 'machine', 'nothing'] as const;

/** A volume on its way from one pool to another, under the same id. */
const volumeCopy = z.object({
  /** Of the operation; tells what this copy wrote from what an earlier one left. */
  copyId: id,
  volume: volumeSpec,
  /** The same volume on the other pool, standing alone. */
  target: volumeSpec,
  /** The machine that has it, whether it runs or not. */
  vmId: id.optional(),
  /** Copies no faster than this. */
  bytesPerSecond: z.int().positive().optional(),
});
const copiedThing = (p: { volume: { id: string }; vmId?: string | undefined }): string =>
  p.vmId === undefined ? `volume:${p.volume.id}` : `virtual-machine:${p.vmId}`;

/** Fencing at a Ceph cluster. The user that may do that is the control plane's: a host gets its key for one call. */
const blocklistParams = z.object({
  pool: rbdPoolSpec,
  fencing: z.object({ user: cephName, secret: z.base64().max(512) }),
  address: z.union([z.ipv4(), z.ipv6()]),
});

/** Every verb by name. */
export const VERBS = {
  ensureVolume: verb({
    description:
      'The volume exists with the given size, over its base image. Never shrinks, never overwrites. NOT_FOUND when the base image is not on the pool.',
    params: z.object({ volume: volumeSpec }),
    result: z.object({ path: z.string(), allocatedBytes: z.int() }),
    token: 'exclusive',
    resource: (p) => `volume:${p.volume.id}`,
  }),
  ensureVolumeGone: verb({
    description: 'The volume and partial files of it are gone.',
    params: z.object({ volumeId: id, pool: poolSpec }),
    result: nothing,
    token: 'exclusive',
    resource: (p) => `volume:${p.volumeId}`,
  }),
  ensureVolumeSize: verb({
    description:
      'The volume has at least this size, also in the running machine that has it. Never shrinks, never makes one. STEP_REFUSED when there is no such volume.',
    params: z.object({ volume: volumeSpec, vmId: id.optional() }),
    result: z.object({ sizeBytes: z.int() }),
    token: 'exclusive',
    resource: (p) => `volume:${p.volume.id}`,
  }),
  getVolumeSizes: verb({
    description:
      'How large each volume is as its guest sees it, and what it takes with all that lies under it, where that can be told. STEP_REFUSED when one is not here.',
    params: z.object({ volumes: z.array(volumeSpec).max(MAX_DATA_VOLUMES + 1) }),
    result: z.object({
      sizes: z.array(z.object({ id, sizeBytes: z.int(), allocatedBytes: z.int().optional() })),
    }),
    token: 'read',
  }),
  ensureVolumeAttached: verb({
    description:
      'The running machine has the data disk. One that does not run gets its disks when it is started: nothing is done then.',
    params: z.object({ vmId: id, disk: dataVolumeSpec }),
    result: z.object({ power: z.enum(POWER_STATES) }),
    token: 'exclusive',
    resource: (p) => `virtual-machine:${p.vmId}`,
  }),
  ensureVolumeDetached: verb({
    description:
      'The data disk was asked back from the running guest. `released`: the machine has it no longer. Else the guest has not let go of it yet: ask again.',
    params: z.object({ vmId: id, volumeId: id }),
    result: z.object({ released: z.boolean() }),
    token: 'exclusive',
    resource: (p) => `virtual-machine:${p.vmId}`,
  }),
  ensureVmSize: verb({
    description:
      'The running machine has at least so many processors and so much memory. STEP_REFUSED when it was started without room to grow so far; nothing is done for one that does not run.',
    params: z.object({ vmId: id, vcpus: z.int().min(1).max(512), memoryMib: z.int().min(16) }),
    result: z.object({ power: z.enum(POWER_STATES) }),
    token: 'exclusive',
    resource: (p) => `virtual-machine:${p.vmId}`,
  }),
  ensureVmNics: verb({
    description:
      'The running machine has exactly these interfaces, bound to their addresses. `settled`: it has. Else its guest was asked to let go of one and has not yet: ask again. One that does not run gets its interfaces when it is started: nothing is done then.',
    params: z.object({ vmId: id, nics: z.array(nicSpec).max(64) }),
    result: z.object({ power: z.enum(POWER_STATES), settled: z.boolean() }),
    token: 'exclusive',
    resource: (p) => `virtual-machine:${p.vmId}`,
  }),
  ensureVmDisc: verb({
    description:
      'The CD drive of the running machine holds this disc, or none. One that does not run gets its disc when it is started: nothing is done then. NOT_ALLOWED_IN_STATE when its guest does not let go of another one, or it was started without a drive; STEP_REFUSED when the disc cannot be read here.',
    params: z.object({
      vmId: id,
      /** Absent: the drive is to be empty. */
      disc: discSpec.optional(),
      /** Also while the guest uses what is in the drive. */
      forced: z.boolean(),
    }),
    result: z.object({ power: z.enum(POWER_STATES) }),
    token: 'exclusive',
    resource: (p) => `virtual-machine:${p.vmId}`,
  }),
  ensureVmRunning: verb({
    description:
      'Networks, seed and domain of the machine exist and it runs; a paused one is resumed, an off one started, with an empty CD drive when its disc cannot be read here.',
    params: z.object({ vm: vmSpec }),
    result: z.object({ power: z.enum(POWER_STATES) }),
    token: 'exclusive',
    resource: (p) => `virtual-machine:${p.vm.id}`,
  }),
  requestVmShutdown: verb({
    description: 'An ACPI power button press was sent, if it runs. Says what is seen now.',
    params: z.object({ vmId: id }),
    result: z.object({ power: z.enum(POWER_STATES) }),
    token: 'exclusive',
    resource: (p) => `virtual-machine:${p.vmId}`,
  }),
  ensureVmStopped: verb({
    description: 'No QEMU process of the machine runs (hard power-off). Its definition and disks are kept.',
    params: z.object({ vmId: id }),
    result: z.object({ power: z.enum(POWER_STATES) }),
    token: 'exclusive',
    resource: (p) => `virtual-machine:${p.vmId}`,
  }),
  ensureVmGone: verb({
    description: 'Domain, seed, logs and network bindings of the machine are gone. Volumes are not touched.',
    params: z.object({ vmId: id }),
    result: nothing,
    token: 'exclusive',
    resource: (p) => `virtual-machine:${p.vmId}`,
  }),
  ...MIGRATION_VERBS,
  getVm: verb({
    description: 'The power state of a machine as the hypervisor sees it now.',
    params: z.object({ vmId: id }),
    result: z.object({ power: z.enum(POWER_STATES) }),
    token: 'read',
  }),
  getSerialLog: verb({
    description: 'The last bytes of the serial console log of a machine.',
    params: z.object({ vmId: id, maxBytes: z.int().min(1).max(1_048_576).default(65_536) }),
    result: z.object({ text: z.string(), truncated: z.boolean() }),
    token: 'read',
  }),
  ensureNetwork: verb({
    description: 'Bridge, DHCP service and isolation rules of the network exist on this host.',
    params: z.object({ network: networkSpec }),
    result: nothing,
    token: 'shared',
    resource: (p) => `network:${p.network.id}`,
  }),
  ensureNetworkGone: verb({
    description: 'Bridge, DHCP service and rules of the network are gone from this host.',
    params: z.object({ networkId: id }),
    result: nothing,
    token: 'exclusive',
    resource: (p) => `network:${p.networkId}`,
  }),
  ensurePool: verb({
    description: 'The pool is reachable and writable here, with its folders. Gives its size.',
    params: z.object({
      pool: poolSpec,
      /** The key of an rbd pool's cephx user, base64. Kept by the host with its machines' rights, never told by it. */
      secret: z.base64().max(512).optional(),
      /** A pool that does not answer is refused, instead of being waited for: it was never seen to work. */
      refuseWhenSilent: z.boolean().optional(),
    }),
    result: z.object({ capacityBytes: z.int(), availableBytes: z.int() }),
    token: 'shared',
    resource: (p) => `storage-pool:${p.pool.id}`,
  }),
  ensureBlocklisted: verb({
    description:
      'The cluster of an rbd pool serves no client at the address any more, for years, as its own list confirms. To be asked of another host than the one at that address.',
    params: blocklistParams,
    result: z.object({ addresses: z.array(z.string()) }),
    token: 'exclusive',
    resource: (p) => `blocklist:${p.pool.id}/${p.address}`,
  }),
  ensureNotBlocklisted: verb({
    description: 'The cluster of an rbd pool serves clients at the address again.',
    params: blocklistParams,
    result: z.object({ addresses: z.array(z.string()) }),
    token: 'exclusive',
    resource: (p) => `blocklist:${p.pool.id}/${p.address}`,
  }),
  getBlocklist: verb({
    description: 'Addresses all of whose clients the cluster of an rbd pool shuts out.',
    params: blocklistParams.omit({ address: true }),
    result: z.object({ addresses: z.array(z.string()) }),
    token: 'read',
  }),
  ...IMAGE_LOCK_VERBS,
  ensurePoolGone: verb({
    description: 'The host has forgotten the pool; its now empty folders are removed, foreign files are not touched.',
    params: z.object({ pool: poolSpec }),
    result: nothing,
    token: 'exclusive',
    resource: (p) => `storage-pool:${p.pool.id}`,
  }),
  fetchImage: verb({
    description:
      'The image at the URL is in the image store as `<templateId>.qcow2`, standalone, checked against its checksum and against the dangers of image formats.',
    params: z.object({
      templateId: id,
      store: imageStoreSpec,
      url: z.string().max(2048),
      format: z.enum(FETCHED_FORMATS),
      /** `{MD5|SHA-1|SHA-256|SHA-512}hex` or bare hex, by length. */
      checksum: z.string().max(200).optional(),
      maxBytes: z.int().positive(),
      maxVirtualBytes: z.int().positive(),
      /** CIDRs that may be fetched from although they are private (loopback of an embedded instance). */
      allowedPrivateCidrs: z.array(z.string().max(50)).max(100),
    }),
    result: z.object({ sizeBytes: z.int(), virtualSizeBytes: z.int(), sha256: z.string() }),
    token: 'exclusive',
    resource: (p) => `template:${p.templateId}`,
    long: true,
  }),
  storeVolumeImage: verb({
    description:
      'The content of the volume, which no machine uses, is in the image store as `<templateId>.qcow2`, standalone. STEP_REFUSED when somebody uses it.',
    params: z.object({ templateId: id, store: imageStoreSpec, volume: volumeSpec }),
    result: z.object({ sizeBytes: z.int(), virtualSizeBytes: z.int() }),
    token: 'exclusive',
    resource: (p) => `template:${p.templateId}`,
    long: true,
  }),
  ensureImageGone: verb({
    description: 'The image and partial files of it are gone from the image store.',
    params: z.object({ templateId: id, store: imageStoreSpec }),
    result: nothing,
    token: 'exclusive',
    resource: (p) => `template:${p.templateId}`,
  }),
  ensureTemplateOnPool: verb({
    description: 'The base image of the template is on the pool, complete.',
    params: z.object({ templateId: id, store: imageStoreSpec, pool: poolSpec }),
    result: z.object({ sizeBytes: z.int() }),
    token: 'shared',
    resource: (p) => `template:${p.templateId}@${p.pool.id}`,
    long: true,
  }),
  ensureTemplateGoneFromPool: verb({
    description: 'The base image of the template is gone from the pool.',
    params: z.object({ templateId: id, pool: poolSpec }),
    result: nothing,
    token: 'exclusive',
    resource: (p) => `template:${p.templateId}@${p.pool.id}`,
  }),
  runMaintenanceHook: verb({
    description: "The host owner's script for this stage of its maintenance was run, if there is one.",
    params: maintenanceHookParams,
    result: maintenanceHookResult,
    token: 'exclusive',
    resource: () => 'maintenance-hook',
    long: true,
  }),
  copyVolume: verb({
    description:
      'All of the volume is on the target pool too. While a machine runs with it, both are kept in step (`mirrored`) until it is switched or discarded; else it was copied and compared. The source stays the disk.',
    params: volumeCopy,
    result: z.object({ mirrored: z.boolean() }),
    token: 'exclusive',
    resource: copiedThing,
    long: true,
  }),
  switchVolume: verb({
    description:
      'The target is the disk: the running machine writes to it alone, and its definition names it. What is missing of the copy is made up for, whatever happened meanwhile. The source is kept.',
    params: volumeCopy,
    result: nothing,
    token: 'exclusive',
    resource: copiedThing,
    long: true,
  }),
  discardVolumeCopy: verb({
    description:
      'The volume is no longer copied, and nothing of it is on the target pool. CONFLICT when the target is the disk already.',
    params: volumeCopy,
    result: nothing,
    token: 'exclusive',
    resource: copiedThing,
  }),
  ...VOLUME_TRANSFER_VERBS,
  checkPeer: verb({
    description:
      "What this host sees of another one's address: its agent, a machine that answers without one, or nothing.",
    params: z.object({ hostId: id, url: z.string().max(255) }),
    result: z.object({ sees: z.enum(PEER_SIGHTS) }),
    token: 'read',
  }),
  ...POOL_BEAT_VERBS,
  getInventory: verb({
    description: 'Everything of this control plane that is on the host.',
    params: z.object({ pools: z.array(poolSpec) }),
    result: hostInventory,
    token: 'read',
  }),
  getFacts: verb({
    description: "The host's capacity and identity.",
    params: nothing,
    result: hostFacts,
    token: 'read',
  }),
} as const;

/** Names of verbs. */
export type VerbName = keyof typeof VERBS;
/** A verb's parameters. */
export type VerbParams<V extends VerbName> = z.infer<(typeof VERBS)[V]['params']>;
/** A verb's result. */
export type VerbResult<V extends VerbName> = z.infer<(typeof VERBS)[V]['result']>;
/** Verbs that run as persistent tasks. */
export type LongVerbName =
  | 'receiveVm'
  | 'sendVm'
  | 'fetchImage'
  | 'storeVolumeImage'
  | 'ensureTemplateOnPool'
  | 'runMaintenanceHook'
  | 'copyVolume'
  | 'switchVolume'
  | 'receiveVolume'
  | 'sendVolume';

/** How a long task stands. */
export const taskStatus = z.object({
  key: z.string(),
  verb: z.string(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  /** 0 to 100, or absent when it cannot be told. */
  percent: z.number().min(0).max(100).optional(),
  /** What it is doing, in plain words. */
  detail: z.string().optional(),
  /** The same in numbers, of what copies. */
  progress: transferProgress.optional(),
  result: z.unknown().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});
/** See {@link taskStatus}. */
export type TaskStatus = z.infer<typeof taskStatus>;
