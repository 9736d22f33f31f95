/** A right call of every verb of the agent, to be broken in one place. */
import { randomUUID } from 'node:crypto';
import { VERBS, type VerbName, type VerbParams } from '@durastack/contracts/agent/verbs';
import type { NetworkSpec } from '@durastack/contracts/agent/specs';
import { makeSpecs } from '@durastack/host-agent/agent-fixture';

/** Parameters of every verb; a new verb does not compile until it stands here. */
export function verbSamples(): { readonly [V in VerbName]: VerbParams<V> } {
  const { pool, vm } = makeSpecs();
  const store = { id: randomUUID(), path: '/images' };
  const templateId = randomUUID();
  const network: NetworkSpec = {
    ...{ id: randomUUID(), name: 'net', driver: 'bridge', bridge: 'test-n1', cidr: '10.9.0.0/24', gateway: '10.9.0.1' },
    ...{ gatewayOnHost: true, dns: ['10.9.0.1'], mtu: 1500 },
  };
  const nic = {
    ...{ id: randomUUID(), tap: 'test-t1', mac: '02:00:00:00:00:01', ip: '10.9.0.9', secondaryIps: ['10.9.0.10'] },
    ...{ network, isDefault: true },
  };
  const seed = {
    ...vm.seed,
    publicKeys: ['ssh-ed25519 AAAA spec'],
    userDataBase64: 'I2Nsb3VkLWNvbmZpZwo=',
    variables: { color: 'blue' },
  };
  const disc = { isoId: randomUUID(), store };
  const machine = { ...vm, nics: [nic], disc, seed };
  const rbd = { id: randomUUID(), kind: 'rbd' as const, monitors: ['192.0.2.1:6789'], pool: 'cloud', user: 'hosts' };
  const directory = { id: pool.id, kind: 'shared-mount-point' as const, path: '/shared' };
  const fencing = { pool: rbd, fencing: { user: 'fencing', secret: 'QUJD' } };
  const { id, sizeBytes } = vm.rootVolume;
  const target = { id, sizeBytes, pool: { ...pool, id: randomUUID(), path: '/other' } };
  const copy = { copyId: randomUUID(), volume: vm.rootVolume, target, vmId: vm.id, bytesPerSecond: 1_000 };
  const ticket = 'x'.repeat(43);
  const needs = {
    ...{ running: true, hypervisor: 'Simulator' as const, accelerator: 'none' as const, hypervisorVersion: '1' },
    cpu: 'sse2',
  };
  return {
    ensureVolume: { volume: { ...vm.rootVolume, templateId } },
    ensureVolumeGone: { volumeId: vm.rootVolume.id, pool },
    getVolumeSizes: { volumes: [{ ...vm.rootVolume, templateId }] },
    ensureVolumeSize: { volume: vm.rootVolume, vmId: vm.id },
    ensureVolumeAttached: { vmId: vm.id, disk: { volume: { ...vm.rootVolume, id: randomUUID() }, deviceId: 1 } },
    ensureVolumeDetached: { vmId: vm.id, volumeId: vm.rootVolume.id },
    ensureVmSize: { vmId: vm.id, vcpus: 2, memoryMib: 256 },
    ensureVmNics: { vmId: vm.id, nics: [nic] },
    ensureVmDisc: { vmId: vm.id, disc, forced: true },
    ensureVmRunning: { vm: machine },
    requestVmShutdown: { vmId: vm.id },
    ensureVmStopped: { vmId: vm.id },
    ensureVmGone: { vmId: vm.id },
    getMigrationNeeds: { vmId: vm.id },
    checkMigration: { vm: machine, needs },
    receiveVm: { vm: machine, sourceHostId: randomUUID(), ticket, validForMs: 1_000, withVolumes: [id] },
    sendVm: {
      ...{ vmId: vm.id, withVolumes: [id], bytesPerSecond: 1_000 },
      destination: { hostId: randomUUID(), url: 'agent://127.0.0.1:1', ticket },
    },
    endMigration: { vmId: vm.id },
    keepVm: { vmId: vm.id },
    getVm: { vmId: vm.id },
    getSerialLog: { vmId: vm.id, maxBytes: 100 },
    ensureNetwork: {
      network: {
        ...{ ...network, driver: 'ovs' },
        vxlan: { vni: 5001, revision: 1, localAddress: '10.9.9.1', peers: ['10.9.9.2'] },
      },
    },
    ensureNetworkGone: { networkId: network.id },
    ensurePool: { pool },
    ensurePoolGone: { pool },
    probeImageLock: { pool: directory, probeId: randomUUID(), act: 'try' },
    ensureVolumeHeld: { volume: { ...vm.rootVolume, pool: directory } },
    ensureVolumeLetGo: { volume: { ...vm.rootVolume, pool: directory } },
    ensureBlocklisted: { ...fencing, address: '192.0.2.9' },
    ensureNotBlocklisted: { ...fencing, address: '192.0.2.9' },
    getBlocklist: fencing,
    fetchImage: {
      ...{ templateId, store, url: 'http://192.0.2.1/x', format: 'qcow2', maxBytes: 1_000, maxVirtualBytes: 1_000 },
      ...{ checksum: 'a'.repeat(64), allowedPrivateCidrs: ['127.0.0.0/8'] },
    },
    storeVolumeImage: { templateId, store, volume: vm.rootVolume },
    ensureImageGone: { templateId, store },
    ensureTemplateOnPool: { templateId, store, pool },
    ensureTemplateGoneFromPool: { templateId, pool },
    runMaintenanceHook: { stage: 'Maintenance', payload: 'x', timeoutMs: 1_000 },
    copyVolume: copy,
    switchVolume: copy,
    discardVolumeCopy: copy,
    receiveVolume: { volume: target, sourceHostId: randomUUID(), ticket, validForMs: 1_000 },
    sendVolume: {
      ...{ volume: vm.rootVolume, bytesPerSecond: 1_000 },
      destination: { hostId: randomUUID(), url: 'agent://127.0.0.1:1', ticket },
    },
    endVolumeTransfer: { volumeId: id },
    checkPeer: { hostId: randomUUID(), url: 'agent://127.0.0.1:1' },
    watchPoolBeats: { hostId: randomUUID(), ownId: randomUUID(), pools: [directory], forMs: 0 },
    getInventory: { pools: [pool] },
    getFacts: {},
  };
}

/** Paths to every leaf of a value, e.g. `vm.nics.0.mac`. */
export function leavesOf(value: unknown, at: readonly string[] = []): string[] {
  if (typeof value !== 'object' || value === null) return [at.join('.')];
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...at, key]));
}

/** A copy with one leaf replaced. */
export function withLeaf(value: unknown, path: string, leaf: unknown): unknown {
  const copy: unknown = structuredClone(value);
  const keys = path.split('.');
  let inner = copy as Record<string, unknown>;
  for (const key of keys.slice(0, -1)) inner = inner[key] as Record<string, unknown>;
  inner[keys.at(-1) ?? ''] = leaf;
  return copy;
}

/** Every verb's name. */
export const VERB_NAMES = Object.keys(VERBS) as VerbName[];
