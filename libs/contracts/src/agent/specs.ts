/** What a host is told about the things on it: complete desired states, never deltas. */
import { z } from 'zod';

/** Image formats that the product reads; always given, never probed. */
export const IMAGE_FORMATS = ['qcow2', 'raw', 'vmdk', 'vhdx', 'vdi'] as const;

/** A primary-storage pool as a host reaches it. `path` is absolute on the host. */
export const poolSpec = z.object({
  id: z.uuid(),
  kind: z.enum(['directory', 'shared-mount-point']),
  path: z.string().regex(/^\/[^\0]*$/),
});
/** See {@link poolSpec}. */
export type PoolSpec = z.infer<typeof poolSpec>;

/** A directory of image files (secondary storage), reached by the host at `path`. */
export const imageStoreSpec = z.object({ id: z.uuid(), path: z.string().regex(/^\/[^\0]*$/) });
/** See {@link imageStoreSpec}. */
export type ImageStoreSpec = z.infer<typeof imageStoreSpec>;

/** A volume; its file is `<pool.path>/volumes/<id>.qcow2`, over its template's base image when it has one. */
export const volumeSpec = z.object({
  id: z.uuid(),
  pool: poolSpec,
  sizeBytes: z.int().positive(),
  /** The base image is `<pool.path>/templates/<templateId>.qcow2`. */
  templateId: z.uuid().optional(),
});
/** See {@link volumeSpec}. */
export type VolumeSpec = z.infer<typeof volumeSpec>;

/** One address range served by DHCP on a network. */
export const networkSpec = z.object({
  id: z.uuid(),
  name: z.string(),
  /** `bridge`: Linux bridge; `ovs`: Open vSwitch integration bridge with a VLAN tag. */
  driver: z.enum(['bridge', 'ovs']),
  /** Bridge device name, at most 15 characters, unique per instance and network. */
  bridge: z.string().regex(/^[a-z0-9-]{1,15}$/),
  vlan: z.int().min(1).max(4094).optional(),
  cidr: z.string(),
  gateway: z.string(),
  /** Whether this host carries the gateway address on the bridge (a single-host shared network). */
  gatewayOnHost: z.boolean(),
  dns: z.array(z.string()),
  mtu: z.int().min(576).max(9216).default(1500),
});
/** See {@link networkSpec}. */
export type NetworkSpec = z.infer<typeof networkSpec>;

/** A network interface of a machine, bound to its MAC and address. */
export const nicSpec = z.object({
  id: z.uuid(),
  /** Tap device name on the host, at most 15 characters. */
  tap: z.string().regex(/^[a-z0-9-]{1,15}$/),
  mac: z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/),
  ip: z.string(),
  network: networkSpec,
  isDefault: z.boolean(),
});
/** See {@link nicSpec}. */
export type NicSpec = z.infer<typeof nicSpec>;

/** The cloud-init NoCloud seed of a machine. Secret: held by the agent only as long as it writes the disk. */
export const seedSpec = z.object({
  instanceId: z.string(),
  hostname: z.string(),
  publicKeys: z.array(z.string()),
  /** The user data as the tenant gave it, base64; absent when there is none. */
  userDataBase64: z.string().optional(),
});
/** See {@link seedSpec}. */
export type SeedSpec = z.infer<typeof seedSpec>;

/** A virtual machine: everything needed to define and start its domain. */
export const vmSpec = z.object({
  id: z.uuid(),
  /** libvirt domain name: `<instance>-<internal name>`; unique on the host. */
  domainName: z.string().regex(/^[A-Za-z0-9._-]{1,60}$/),
  vcpus: z.int().min(1).max(512),
  cpuMhz: z.int().min(1),
  memoryMib: z.int().min(16),
  rootVolume: volumeSpec,
  nics: z.array(nicSpec),
  seed: seedSpec,
});
/** See {@link vmSpec}. */
export type VmSpec = z.infer<typeof vmSpec>;

/** Power as a host observes it. */
export const POWER_STATES = ['running', 'paused', 'off', 'absent'] as const;
/** See {@link POWER_STATES}. `absent`: no such domain on this host. */
export type PowerState = (typeof POWER_STATES)[number];

/** What a host reports of one of our domains. */
export const observedVm = z.object({ id: z.uuid(), domainName: z.string(), power: z.enum(POWER_STATES) });
/** See {@link observedVm}. */
export type ObservedVm = z.infer<typeof observedVm>;

/** A host's capacity and identity. */
export const hostFacts = z.object({
  hypervisor: z.enum(['KVM', 'Simulator']),
  /** `kvm` or `tcg`: how guests really run there. */
  accelerator: z.enum(['kvm', 'tcg', 'none']),
  hypervisorVersion: z.string(),
  agentVersion: z.string(),
  /** /proc/sys/kernel/random/boot_id: another value means that the host was restarted. */
  bootId: z.string(),
  cpuCount: z.int().positive(),
  cpuMhz: z.int().positive(),
  memoryMib: z.int().positive(),
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
  networks: z.array(z.uuid()),
});
/** See {@link hostInventory}. */
export type HostInventory = z.infer<typeof hostInventory>;
