/** What a host is told about the things on it: complete desired states, never deltas. */
import { z } from 'zod';

/** Image formats that the product reads; always given, never probed. */
export const IMAGE_FORMATS = ['qcow2', 'raw', 'vmdk', 'vhdx', 'vdi'] as const;
/** Formats that images are fetched in: those of disks, and a CD's image as it is. */
export const FETCHED_FORMATS = [...IMAGE_FORMATS, 'iso'] as const;

/**
 * A directory: from the root, without `.`, `..` or empty parts, which would lead out of it, and without control
 * characters. What lies below it is named by ids alone.
 */
export const absolutePath = z
  .string()
  .max(1024)
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  .regex(/^(\/(?!\.{1,2}(\/|$))[^/\u0000-\u001f\u007f]+)+$/, 'is no absolute path without . and ..');

/** Ids are compared as texts: one spelling. */
export const id = z.uuid().toLowerCase();

/** A pool of files: a directory of one host, or one that somebody mounted on every host. */
export const directoryPoolSpec = z.object({
  id: id,
  kind: z.enum(['directory', 'shared-mount-point']),
  /** Absolute on the host. */
  path: absolutePath,
});
/** See {@link poolSpec}. */
export type DirectoryPoolSpec = z.infer<typeof directoryPoolSpec>;

/** A Ceph monitor: `host:port`, an IPv6 address in brackets. */
export const cephMonitor = z
  .string()
  .max(262)
  .regex(/^([A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]):[1-9][0-9]{0,4}$/, 'is no host:port')
  .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535, 'has a port above 65535');

/** A name of a RADOS pool or of a cephx user without its `client.`: none that a tool could take for an option or a path. */
export const cephName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, 'is no name of a Ceph pool or user');

/** A RADOS pool of a Ceph cluster. Its key is not part of it: see the verb `ensurePool`. */
export const rbdPoolSpec = z.object({
  id: id,
  kind: z.literal('rbd'),
  monitors: z.array(cephMonitor).min(1).max(16),
  pool: cephName,
  /** The cephx user of hosts, without `client.`. */
  user: cephName,
});
/** See {@link poolSpec}. */
export type RbdPoolSpec = z.infer<typeof rbdPoolSpec>;

/** A primary-storage pool as a host reaches it. What differs by kind lies in one driver per kind (libs/drivers/src/pool). */
export const poolSpec = z.discriminatedUnion('kind', [directoryPoolSpec, rbdPoolSpec]);
/** See {@link poolSpec}. */
export type PoolSpec = z.infer<typeof poolSpec>;

/** A directory of image files (secondary storage), reached by the host at `path`. */
export const imageStoreSpec = z.object({ id: id, path: absolutePath });
/** See {@link imageStoreSpec}. */
export type ImageStoreSpec = z.infer<typeof imageStoreSpec>;

/** A volume, over its template's base image when it has one. Where it lies is the matter of the pool's driver. */
export const volumeSpec = z.object({
  id: id,
  pool: poolSpec,
  sizeBytes: z.int().positive(),
  templateId: id.optional(),
});
/** See {@link volumeSpec}. */
export type VolumeSpec = z.infer<typeof volumeSpec>;

/** A network that hosts share through VXLAN tunnels over the network between them, seen from one of them. */
export const vxlanSpec = z.object({
  vni: z
    .int()
    .min(1)
    .max(2 ** 24 - 1),
  /** Rises with every change of who takes part: a host never goes back to an older one. */
  revision: z.int().min(0),
  /** The host's own address that the tunnels start from. */
  localAddress: z.ipv4(),
  /** Addresses of the other hosts that have the network, none twice, in a fixed order. */
  peers: z.array(z.ipv4()).max(4096),
});
/** See {@link vxlanSpec}. */
export type VxlanSpec = z.infer<typeof vxlanSpec>;

/** One address range served by DHCP on a network. */
export const networkSpec = z
  .object({
    id: id,
    name: z.string().max(255),
    /** `bridge`: Linux bridge; `ovs`: Open vSwitch bridge, with a VLAN tag or VXLAN tunnels. */
    driver: z.enum(['bridge', 'ovs']),
    /** Bridge device name, at most 15 characters, unique per instance and network. */
    bridge: z.string().regex(/^[a-z0-9-]{1,15}$/),
    vlan: z.int().min(1).max(4094).optional(),
    /** `ovs` without a VLAN only; the bridge is the network's alone. */
    vxlan: vxlanSpec.optional(),
    cidr: z.cidrv4(),
    gateway: z.ipv4(),
    /**
     * Whether this host carries the gateway address on the bridge. With VXLAN each host may: it is then the gateway of its
     * own guests, under the same MAC everywhere, and what it says there never leaves the host.
     */
    gatewayOnHost: z.boolean(),
    dns: z.array(z.ipv4()).max(8),
    mtu: z.int().min(576).max(9216).default(1500),
  })
  .refine(
    ({ driver, vlan, vxlan }) => vxlan === undefined || (driver === 'ovs' && vlan === undefined),
    'has VXLAN tunnels, which need driver ovs and no VLAN',
  );
/** See {@link networkSpec}. */
export type NetworkSpec = z.infer<typeof networkSpec>;

/** As many addresses as an interface may have besides its own: CloudStack's default. */
export const MAX_SECONDARY_IPS = 256;

/** A network interface of a machine, bound to its MAC and addresses. */
export const nicSpec = z.object({
  id: id,
  /** Tap device name on the host, at most 15 characters. */
  tap: z.string().regex(/^[a-z0-9-]{1,15}$/),
  mac: z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/),
  ip: z.ipv4(),
  /** Further addresses that the guest may speak from. It gives them to itself: DHCP offers `ip` alone. */
  secondaryIps: z.array(z.ipv4()).max(MAX_SECONDARY_IPS).optional(),
  network: networkSpec,
  isDefault: z.boolean(),
});
/** See {@link nicSpec}. */
export type NicSpec = z.infer<typeof nicSpec>;

/** The cloud-init NoCloud seed of a machine. Secret: held by the agent only as long as it writes the disk. */
export const seedSpec = z.object({
  instanceId: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/),
  hostname: z.string().regex(/^[A-Za-z0-9.-]{1,255}$/),
  publicKeys: z.array(z.string().max(16_384)).max(100),
  /** The user data as the tenant gave it, base64; absent when there is none. */
  userDataBase64: z.base64().max(1_500_000).optional(),
  /** Further entries of the meta-data: values of variables in the user data. */
  variables: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,99}$/), z.string().max(4_096)).optional(),
});
/** See {@link seedSpec}. */
export type SeedSpec = z.infer<typeof seedSpec>;

/** Data disks of one machine, at most: each has its own PCI Express port, which must be there when it is plugged in. */
export const MAX_DATA_VOLUMES = 16;

/** A data disk as a machine has it. */
export const dataVolumeSpec = z.object({
  volume: volumeSpec,
  /** Its position on the machine; 0 is the root disk. */
  deviceId: z.int().min(1).max(MAX_DATA_VOLUMES),
});
/** See {@link dataVolumeSpec}. */
export type DataVolumeSpec = z.infer<typeof dataVolumeSpec>;

/** The disc in a machine's CD drive: the file of an ISO in its image store. */
export const discSpec = z.object({ isoId: id, store: imageStoreSpec });
/** See {@link discSpec}. */
export type DiscSpec = z.infer<typeof discSpec>;

/** A virtual machine: everything needed to define and start its domain. */
export const vmSpec = z.object({
  id: id,
  /** libvirt domain name: `<instance>-<internal name>`; unique on the host. */
  domainName: z.string().regex(/^[A-Za-z0-9._-]{1,60}$/),
  vcpus: z.int().min(1).max(512),
  cpuMhz: z.int().min(1),
  memoryMib: z.int().min(16),
  /** How far it may grow while it runs; absent when its size is fixed until it is stopped. */
  growth: z.object({ maxVcpus: z.int().min(1).max(512), maxMemoryMib: z.int().min(16) }).optional(),
  rootVolume: volumeSpec,
  /** Its data disks, in the order of their positions. */
  dataVolumes: z.array(dataVolumeSpec).max(MAX_DATA_VOLUMES).default([]),
  nics: z.array(nicSpec).max(64),
  /** What its CD drive holds; absent: nothing. Every machine has a drive. */
  disc: discSpec.optional(),
  seed: seedSpec,
});
/** See {@link vmSpec}. */
export type VmSpec = z.infer<typeof vmSpec>;

/** Power as a host observes it. */
export const POWER_STATES = ['running', 'paused', 'off', 'absent'] as const;
/** See {@link POWER_STATES}. `absent`: no such domain on this host. */
export type PowerState = (typeof POWER_STATES)[number];

/** What a host reports of one of our domains. */
export const observedVm = z.object({
  id: id,
  domainName: z.string().max(255),
  power: z.enum(POWER_STATES),
  /** It ended, neither by its guest's wish nor because it was asked to. */
  crashed: z.literal(true).optional(),
});
/** See {@link observedVm}. */
export type ObservedVm = z.infer<typeof observedVm>;

/** A host's capacity and identity. */
export const hostFacts = z.object({
  hypervisor: z.enum(['KVM', 'Simulator']),
  /** `kvm` or `tcg`: how guests really run there. */
  accelerator: z.enum(['kvm', 'tcg', 'none']),
  hypervisorVersion: z.string().max(64),
  agentVersion: z.string().max(64),
  /** /proc/sys/kernel/random/boot_id: another value means that the host was restarted. */
  bootId: z.string().max(64),
  cpuCount: z.int().positive().max(65_536),
  cpuMhz: z.int().positive().max(1_000_000),
  memoryMib: z
    .int()
    .positive()
    .max(2 ** 40),
});
/** See {@link hostFacts}. */
export type HostFacts = z.infer<typeof hostFacts>;

/** Everything of ours that is on a host. */
export const hostInventory = z.object({
  facts: hostFacts,
  vms: z.array(observedVm),
  /** Volume ids, per pool id. */
  volumes: z.record(z.string(), z.array(z.string())),
  /** Ids of the templates whose base image is there, per pool id. */
  templates: z.record(z.string(), z.array(z.string())).optional(),
  /** Ids of machines that have files of their own on the host (seed, logs), whether defined or not. */
  vmFiles: z.array(z.string()).optional(),
  networks: z.array(id),
});
/** See {@link hostInventory}. */
export type HostInventory = z.infer<typeof hostInventory>;
