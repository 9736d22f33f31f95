/**
 * Thousands of simulated hosts with machines for which HA cares, as their operations would have left them: rows are
 * written in bulk, and so is what the agent that simulates them finds when it starts. From then on all of it is real:
 * each host reports under a certificate of its own.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PoolSpec } from '@durastack/contracts/agent/specs';
import { invariant } from '@durastack/contracts/errors';
import { poolSecretContext } from '@durastack/activities/storage/pool-introduction';
import { storageAddress } from '@durastack/drivers/simulator/fencing-verbs';
import type { SimulatedHost, SimulatedPool, SimulatedVm } from '@durastack/drivers/simulator/world';
import { newId } from '@durastack/kit/ids/new-id';
import { openSecretBox } from '@durastack/kit/secrets/secret-box';
import { createHostCsr, newSerial, signHostCsr } from '@durastack/kit/tls/certificate-authority';
import { autocommit } from '@durastack/store/database/transaction';
import { loadCertificateAuthority } from '@durastack/store/infra/certificate-authority';
import { itemsOf, objectOf } from '../../support/basis.js';
import type { BenchCloud } from '../bench-cloud.js';
import { insertMany, makeOwner, type Owner } from '../rows.js';

/** How large the storm is. */
export interface StormPlan {
  readonly hosts: number;
  readonly lost: number;
  readonly vmsPerHost: number;
  readonly intervalMs: number;
}

/** A machine and where it is. */
export interface StormVm {
  readonly id: string;
  readonly hostId: string;
  readonly priority: number;
}

/** What was made. */
export interface StormGround {
  readonly hostIds: readonly string[];
  /** Those that are to die. */
  readonly lostIds: readonly string[];
  readonly vms: readonly StormVm[];
}

const CLUSTER_HOSTS = 50;
const TENANTS = 4;
const VM = { cpu_count: 1, cpu_mhz: 500, memory_mib: 1_024 };
const HOST = { cpuCount: 16, cpuMhz: 2_400, reservedMib: 1_024 };
const DISK_BYTES = 2 * 1024 ** 3;
const POOL_BYTES = 4 * 1024 ** 4;
const SIGNED_AT_ONCE = 50;
/** One machine in ten is the most important, three are usual, the others can wait. */
const PRIORITIES = [10, 5, 5, 5, 0, 0, 0, 0, 0, 0];

interface Cluster {
  readonly id: string;
  readonly pool: PoolSpec;
  readonly hostIds: readonly string[];
  /** How many of its hosts die: half of it at most. */
  readonly lost: number;
}

/** Makes it; the agent is started anew with all hosts, which nobody watches yet. */
export async function makeStormGround(cloud: BenchCloud, plan: StormPlan): Promise<StormGround> {
  const { source } = cloud.database;
  const clusters = makeClusters(plan);
  const worst = Math.max(...clusters.map(({ hostIds, lost }) => hostIds.length / Math.max(1, hostIds.length - lost)));
  // Just enough for the machines of the cluster that loses most: were one host filled too far, it would be seen.
  const memoryMib = HOST.reservedMib + VM.memory_mib * (Math.ceil(plan.vmsPerHost * worst) + 1);
  const owners = await Promise.all(Array.from({ length: TENANTS }, (_, index) => makeOwner(source, index)));
  const vms = clusters.flatMap(({ hostIds }) =>
    hostIds.flatMap((hostId) =>
      Array.from({ length: plan.vmsPerHost }, (_, index) => ({
        ...{ id: newId(), hostId, volumeId: newId() },
        priority: PRIORITIES[index % PRIORITIES.length]!,
      })),
    ),
  );
  await cloud.agent.kill('SIGTERM');
  const serials = await writeIdentities(cloud, plan, clusters);
  writeWorld(cloud, { clusters, vms, memoryMib });
  await insertPlaces(cloud, { plan, clusters, serials, memoryMib });
  await insertMachines(cloud, { clusters, vms, owners });
  await source.query('ANALYZE TABLE host, storage_pool, virtual_machine, volume, nic, reservation');
  await cloud.agent.start();
  return {
    hostIds: clusters.flatMap(({ hostIds }) => hostIds),
    lostIds: clusters.flatMap(({ hostIds, lost }) => hostIds.slice(0, lost)),
    vms,
  };
}

/** HA cares for all of them from now on. */
export async function enableHa({ database }: BenchCloud, hostIds: readonly string[]): Promise<void> {
  const now = new Date();
  await insertMany(
    database.source,
    'host_ha',
    hostIds.map((id) => ({
      ...{ id, provider: 'SimulatorHAProvider', enabled: 1, state: 'Available', since: now, falls: 0, created_at: now },
    })),
  );
}

function makeClusters({ hosts, lost }: StormPlan): Cluster[] {
  const clusters: Cluster[] = [];
  const addresses = new Set<string>();
  for (let left = hosts, toLose = lost; left > 0;) {
    const hostIds: string[] = [];
    while (hostIds.length < Math.min(left, CLUSTER_HOSTS)) {
      const id = newId();
      // An address that two hosts report is shut out for neither.
      if (addresses.has(storageAddress(id))) continue;
      addresses.add(storageAddress(id));
      hostIds.push(id);
    }
    const here = Math.min(toLose, Math.floor(hostIds.length / 2));
    const pool = { id: newId(), kind: 'rbd', monitors: ['192.0.2.1:6789'], pool: 'cloud', user: 'hosts' } as const;
    clusters.push({ id: newId(), pool: { ...pool, monitors: [...pool.monitors] }, hostIds, lost: here });
    left -= hostIds.length;
    toLose -= here;
  }
  return clusters;
}

/** @returns the serial number of each host's certificate */
async function writeIdentities(
  { database, directory, intakeUrl }: BenchCloud,
  { intervalMs }: StormPlan,
  clusters: readonly Cluster[],
): Promise<ReadonlyMap<string, string>> {
  const authority = await loadCertificateAuthority(database.source, openSecretBox(join(directory, 'data.key')));
  const serials = new Map<string, string>();
  const hosts = clusters.flatMap(({ hostIds, pool }) => hostIds.map((hostId) => ({ hostId, pool })));
  // One key for all: making thousands takes a minute, and none of it is measured.
  const { csrPem, privateKeyPem } = await createHostCsr(newId());
  for (let at = 0; at < hosts.length; at += SIGNED_AT_ONCE)
    await Promise.all(
      hosts.slice(at, at + SIGNED_AT_ONCE).map(async ({ hostId, pool }) => {
        const serial = newSerial();
        serials.set(hostId, serial);
        const certificatePem = await signHostCsr(authority, csrPem, { hostId, incarnation: 1, serial });
        const place = join(directory, 'agent/hosts', hostId);
        mkdirSync(place, { recursive: true, mode: 0o700 });
        const { certificatePem: caPem } = authority;
        const identity = { hostId, privateKeyPem, certificatePem, caPem, incarnation: 1, intakeUrl, intervalMs };
        writeFileSync(join(place, 'identity.json'), JSON.stringify(identity), { mode: 0o600 });
        writeFileSync(join(place, 'pools.json'), JSON.stringify([pool]), { mode: 0o600 });
      }),
    );
  return serials;
}

interface MadeVm extends StormVm {
  readonly volumeId: string;
}

interface Population {
  readonly clusters: readonly Cluster[];
  readonly vms: readonly MadeVm[];
}

/** What the simulator finds: machines that run, and their disks. */
function writeWorld(
  { directory }: BenchCloud,
  { clusters, vms, memoryMib }: Population & { readonly memoryMib: number },
): void {
  const world = join(directory, 'agent/world');
  const write = (name: string, value: SimulatedHost | SimulatedPool) =>
    writeFileSync(join(world, `${name}.json`), JSON.stringify(value), { mode: 0o600 });
  const byHost = new Map<string, MadeVm[]>();
  for (const vm of vms) byHost.set(vm.hostId, [...(byHost.get(vm.hostId) ?? []), vm]);
  for (const { hostIds, pool } of clusters) {
    const volumes: SimulatedPool['volumes'] = {};
    for (const hostId of hostIds) {
      const here = byHost.get(hostId) ?? [];
      for (const { id, volumeId } of here) volumes[volumeId] = { sizeBytes: DISK_BYTES, writtenBy: id };
      const { cpuCount, cpuMhz } = HOST;
      write(hostId, {
        ...{ bootId: newId(), cpuCount, cpuMhz, memoryMib, poolBytes: POOL_BYTES },
        vms: Object.fromEntries(here.map((vm) => [vm.id, simulated(vm, pool)])),
        ...{ networks: {}, pools: { [pool.id]: pool }, content: {} },
      });
    }
    write(`pool-${pool.id}`, { volumes, templates: {} });
  }
}

function simulated({ id, volumeId }: MadeVm, pool: PoolSpec): SimulatedVm {
  return {
    spec: {
      ...{ id, domainName: domainName(id), vcpus: VM.cpu_count, cpuMhz: VM.cpu_mhz, memoryMib: VM.memory_mib },
      ...{ rootVolume: { id: volumeId, pool, sizeBytes: DISK_BYTES }, dataVolumes: [], nics: [] },
    },
    power: 'running',
    serial: '',
  };
}

const domainName = (vmId: string): string => `storm-${vmId}`;

interface Places {
  readonly plan: StormPlan;
  readonly clusters: readonly Cluster[];
  readonly serials: ReadonlyMap<string, string>;
  readonly memoryMib: number;
}

async function insertPlaces(cloud: BenchCloud, { plan, clusters, serials, memoryMib }: Places): Promise<void> {
  const { basis, database, directory } = cloud;
  const created_at = new Date();
  const zone = { zone_id: basis.zoneId, pod_id: basis.podId };
  await insertMany(
    database.source,
    'cluster',
    clusters.map(({ id }, index) => ({
      ...{ id, ...zone, name: `storm-${index}`, hypervisor: 'Simulator', allocation_state: 'Enabled' },
      ...{ out_of_band_management_disabled: 0, ha_disabled: 0, created_at },
    })),
  );
  const box = openSecretBox(join(directory, 'data.key'));
  await insertMany(
    database.source,
    'storage_pool',
    clusters.map(({ id: cluster_id, pool: { id }, hostIds }, index) => ({
      ...{ id, name: `storm-${index}`, ...zone, cluster_id, kind: 'rbd', scope: 'CLUSTER', path: 'cloud' },
      ...{ monitors: '192.0.2.1:6789', ceph_user: 'hosts', fencing_user: 'fencing' },
      secret_sealed: box.seal('c2VjcmV0', poolSecretContext(id)),
      fencing_secret_sealed: box.seal('c2VjcmV0', poolSecretContext(id)),
      ...{ state: 'Up', allocation_state: 'Enabled', capacity_bytes: POOL_BYTES, used_bytes: 0, created_at },
      reserved_bytes: hostIds.length * plan.vmsPerHost * DISK_BYTES,
    })),
  );
  const [template] = await autocommit(database.source).query<{ agent_url: string }>(
    'SELECT agent_url FROM host WHERE id = ?',
    [basis.hostIds[0]],
  );
  invariant(template, 'The ground has no host.');
  await insertMany(
    database.source,
    'host',
    clusters.flatMap(({ id: cluster_id, hostIds }, cluster) =>
      hostIds.map((id, index) => ({
        ...{ id, name: `host-${cluster}-${index}`, ...zone, cluster_id, hypervisor: 'Simulator' },
        // Nobody has heard of it yet.
        ...{ state: 'Disconnected', allocation_state: 'Enabled', agent_url: template.agent_url, incarnation: 1 },
        ...{ certificate_serial: serials.get(id), fence_epoch: 0, created_at },
        certificate_expires_at: new Date(Date.now() + 300 * 86_400_000),
        ...{ cpu_count: HOST.cpuCount, cpu_mhz: HOST.cpuMhz, memory_mib: memoryMib },
        cpu_mhz_reserved: plan.vmsPerHost * VM.cpu_count * VM.cpu_mhz,
        memory_mib_reserved: plan.vmsPerHost * VM.memory_mib,
      })),
    ),
  );
}

async function insertMachines(
  { admin, basis, database }: BenchCloud,
  { clusters, vms, owners }: Population & { readonly owners: readonly Owner[] },
): Promise<void> {
  const { source } = database;
  const created_at = new Date();
  const offering = { name: 'storm', displaytext: 'storm', cpunumber: '1', cpuspeed: '500', memory: '1024' };
  const service_offering_id = objectOf(await admin.call('createServiceOffering', { ...offering, offerha: 'true' })).id;
  const [network] = itemsOf(await admin.call('listNetworks', { id: basis.networkId }));
  invariant(network, 'The ground has no network.');
  const poolOf = new Map(clusters.flatMap(({ hostIds, pool }) => hostIds.map((id) => [id, pool.id] as const)));
  const owned = (index: number) => {
    const { accountId, domainId } = owners[index % owners.length]!;
    return { account_id: accountId, domain_id: domainId, zone_id: basis.zoneId, created_at };
  };
  await insertMany(
    source,
    'virtual_machine',
    vms.map(({ id, hostId, priority }, index) => ({
      ...{ ...owned(index), id, name: `vm-${index}`, display_name: `vm-${index}`, instance_name: domainName(id) },
      ...{ user_id: owners[index % owners.length]!.userId, host_id: hostId, template_id: basis.templateId },
      ...{ service_offering_id, ...VM, state: 'Running', desired_power: 'on', observed_power: 'running' },
      ...{ observed_at: created_at, display_vm: 1, ha_priority: priority },
    })),
  );
  await insertMany(
    source,
    'volume',
    vms.map(({ id: vm_id, volumeId, hostId }, index) => ({
      ...{ ...owned(index), id: volumeId, name: `ROOT-${index}`, vm_id, pool_id: poolOf.get(hostId) },
      ...{ template_id: basis.templateId, kind: 'ROOT', device_id: 0, size_bytes: DISK_BYTES, state: 'Ready' },
    })),
  );
  await insertMany(
    source,
    'nic',
    vms.map(({ id: vm_id }, index) => ({
      ...{ id: newId(), vm_id, network_id: basis.networkId, mac: macOf(index), ip: addressOf(index) },
      ...{ tap: `t${index.toString(16)}`, is_default: 1, created_at },
    })),
  );
  const reserved = { cpu_mhz: 0, memory_mib: 0, size_bytes: 0, created_at };
  await insertMany(
    source,
    'reservation',
    vms.flatMap(({ id, hostId, volumeId }) => [
      {
        ...{ ...reserved, owner_id: id, resource_type: 'host', resource_id: hostId, purpose: 'run' },
        ...{ cpu_mhz: VM.cpu_count * VM.cpu_mhz, memory_mib: VM.memory_mib },
      },
      {
        ...{ ...reserved, owner_id: volumeId, resource_type: 'storage-pool', resource_id: poolOf.get(hostId) },
        ...{ purpose: 'volume', size_bytes: DISK_BYTES },
      },
    ]),
  );
}

const macOf = (index: number): string => `06:00:${index.toString(16).padStart(8, '0').match(/../g)!.join(':')}`;
/** Of the network of the ground, 10.1.1.1 and on. */
const addressOf = (index: number): string => `10.1.${1 + (index >> 8)}.${index & 255}`;
