/** The ground that scenarios stand on: a zone of its own with two hosts, a pool, a template and a network. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DeployVirtualMachineHandler } from '@durastack/api/compute/deploy-virtual-machine.command';
import { ExpungeVirtualMachineHandler } from '@durastack/api/compute/expunge-virtual-machine.command';
import { StopVirtualMachineHandler } from '@durastack/api/compute/stop-virtual-machine.command';
import { RegisterIsoHandler } from '@durastack/api/image/register-iso.command';
import { RegisterTemplateHandler } from '@durastack/api/image/register-template.command';
import { AddHostHandler } from '@durastack/api/infra/add-host.command';
import { DeleteHostHandler } from '@durastack/api/infra/delete-host.command';
import { CreateNetworkHandler } from '@durastack/api/network/create-network.command';
import { CreateStoragePoolHandler } from '@durastack/api/storage/create-storage-pool.command';
import { DeleteStoragePoolHandler } from '@durastack/api/storage/delete-storage-pool.command';
import { DEFAULT_SHARED_OFFERING_ID } from '@durastack/contracts/network/network-offerings';
import { transaction } from '@durastack/store/database/transaction';
import { writeClusterSetting } from '@durastack/store/infra/cluster-settings';
import { newId } from '@durastack/kit/ids/new-id';
import type { StepList } from '@durastack/kit/saga/steps';
import type { MatrixWorld } from './matrix-world.js';
import { runToEnd } from './plain-runtime.js';
import { inState, type Snapshot } from './world-snapshot.js';

/** Step lists by workflow name. */
export type Workflows = ReadonlyMap<string, StepList>;

/** What every scenario stands on. One case has it for itself at a time. */
export interface Ground {
  readonly world: MatrixWorld;
  readonly workflows: Workflows;
  readonly zoneId: string;
  readonly podId: string;
  readonly clusterId: string;
  readonly hostIds: readonly string[];
  readonly poolId: string;
  readonly templateId: string;
  readonly networkId: string;
  readonly offeringId: string;
}

/** An accepted operation and what it acts on. */
export interface Started {
  readonly operationId: string;
  readonly resourceId: string;
}

/** Where hosts and pools can be added. */
export type Place = Pick<Ground, 'world' | 'workflows' | 'zoneId' | 'podId' | 'clusterId'>;

/** Runs an operation without faults; its resource's id. */
export async function settle(
  { world, workflows }: Pick<Ground, 'world' | 'workflows'>,
  kind: string,
  started: Started,
): Promise<string> {
  const state = await runToEnd(world, { kind, workflows }, started.operationId);
  if (state !== 'succeeded') {
    const rows = await world.db.query('SELECT kind, state, error_code, error_message FROM operation WHERE id = ?', [
      started.operationId,
    ]);
    throw new TypeError(`${kind} was to succeed: ${JSON.stringify(rows)}`);
  }
  return started.resourceId;
}

/** Asks for one more host. */
export function addHost({ world, zoneId, podId, clusterId }: Place): Promise<Started> {
  return new AddHostHandler(world.platform).execute(world.call, {
    zoneId,
    podId,
    clusterId,
    hypervisor: 'Simulator',
    ...world.hostParams(),
  });
}

/** Asks for one more pool, shared by the cluster. */
export function createPool({ world, zoneId, podId, clusterId }: Place): Promise<Started> {
  const name = `pool-${newId()}`;
  const path = join(world.directory, name);
  mkdirSync(path);
  return new CreateStoragePoolHandler(world.platform).execute(world.call, {
    zoneId,
    podId,
    clusterId,
    name,
    url: `SharedMountPoint://${path}`,
  });
}

/** Asks for the pool that all machines of the ground lie on: one that hosts have to be told the key of. */
function createRbdPool({ world, zoneId, podId, clusterId }: Place): Promise<Started> {
  const key = Buffer.from('010000000000000000001000000102030405060708090a0b0c0d0e0f', 'hex').toString('base64');
  return new CreateStoragePoolHandler(world.platform).execute(world.call, {
    zoneId,
    podId,
    clusterId,
    name: `rbd-${newId()}`,
    url: `rbd://hosts:${encodeURIComponent(key)}@192.0.2.1/cloud`,
  });
}

/** Asks for one more template. */
export function registerTemplate({ world, zoneId }: Place): Promise<Started> {
  const params = {
    name: 'tiny',
    url: 'http://127.0.0.1/tiny.qcow2',
    format: 'QCOW2',
    hypervisor: 'Simulator',
    zoneId,
    isPublic: true,
  };
  return new RegisterTemplateHandler(world.platform).execute(world.call, params);
}

/** Asks for one more ISO. */
export function registerIso({ world, zoneId }: Place): Promise<Started> {
  const params = { name: 'cd', url: 'http://127.0.0.1/cd.iso', zoneId };
  return new RegisterIsoHandler(world.platform).execute(world.call, params);
}

let subnets = 0;
/** Makes one more network; its id. One that spans hosts when the offering is that of VXLAN. */
export async function createNetwork(
  { world, zoneId }: Place,
  networkOfferingId = DEFAULT_SHARED_OFFERING_ID,
): Promise<string> {
  subnets += 1;
  const net = `10.${100 + Math.floor(subnets / 250)}.${subnets % 250}`;
  const { id } = await new CreateNetworkHandler(world.platform).execute(world.call, {
    zoneId,
    networkOfferingId,
    name: `n${subnets}`,
    gateway: `${net}.1`,
    netmask: '255.255.255.0',
    startIp: `${net}.2`,
    endIp: `${net}.250`,
  });
  return id;
}

type Bed = Pick<Ground, 'templateId' | 'networkId' | 'offeringId'> & Place;

/** Asks for a machine. */
export function deploy({ world, zoneId, templateId, networkId, offeringId }: Bed): Promise<Started> {
  return new DeployVirtualMachineHandler(world.platform).execute(world.call, {
    zoneId,
    templateId,
    serviceOfferingId: offeringId,
    networkIds: [networkId],
  });
}

/** A machine that runs; its id. */
export const deployed = async (bed: Bed) => settle(bed, 'deployVirtualMachine', await deploy(bed));

/** Asks for a stop at once. */
export const stop = ({ world }: Place, id: string): Promise<Started> =>
  new StopVirtualMachineHandler(world.platform).execute(world.call, { id, forced: true });

/** Removes a machine. */
export async function expunge(place: Place, id: string): Promise<void> {
  const { world } = place;
  await settle(
    place,
    'expungeVirtualMachine',
    await new ExpungeVirtualMachineHandler(world.platform).execute(world.call, { id }),
  );
}

/** Does something while no other pool, or host, of the zone takes anything. */
export async function only<T>(
  { world, zoneId }: Place,
  { table, id }: { table: 'storage_pool' | 'host'; id: string },
  body: () => Promise<T>,
): Promise<T> {
  const allow = (allocation: string) =>
    world.db.execute(`UPDATE ${table} SET allocation_state = ? WHERE zone_id = ? AND id <> ?`, [
      allocation,
      zoneId,
      id,
    ]);
  await allow('Disabled');
  try {
    return await body();
  } finally {
    await allow('Enabled');
  }
}

/** Puts the ground's network on a host, as the first machine there would. */
export async function putNetworkOn({ world, networkId }: Ground, hostId: string): Promise<void> {
  await world.db.execute('INSERT INTO network_on_host (network_id, host_id, created_at) VALUES (?, ?, NOW(3))', [
    networkId,
    hostId,
  ]);
  const [host] = await world.db.query<{ id: string; url: string }>(
    'SELECT id, agent_url AS url FROM host WHERE id = ?',
    [hostId],
  );
  const network = {
    id: networkId,
    name: 'n',
    driver: 'bridge' as const,
    bridge: 'br-n',
    cidr: '10.100.1.0/24',
    gateway: '10.100.1.1',
    gatewayOnHost: true,
    dns: [],
    mtu: 1500,
  };
  const token = { controlEpoch: 1, generation: 0, step: 0 };
  await world.agents.client.call(host!, 'ensureNetwork', { network }, { token });
}

/** A zone with a pod, a cluster and an image store, and nothing else. */
export async function makePlace(world: MatrixWorld): Promise<Pick<Place, 'zoneId' | 'podId' | 'clusterId'>> {
  const [zoneId, podId, clusterId] = [newId(), newId(), newId()];
  const { db } = world;
  await db.execute(
    "INSERT INTO zone (id, name, dns1, internal_dns1, network_type, vni_first, vni_last, allocation_state, created_at) VALUES (?, ?, '10.0.0.1', '127.0.0.1', 'Advanced', 5000, 5999, 'Enabled', NOW(3))",
    [zoneId, `z-${zoneId}`],
  );
  await db.execute(
    "INSERT INTO pod (id, zone_id, name, allocation_state, created_at) VALUES (?, ?, 'p', 'Enabled', NOW(3))",
    [podId, zoneId],
  );
  await db.execute(
    "INSERT INTO cluster (id, zone_id, pod_id, name, hypervisor, allocation_state, created_at) VALUES (?, ?, ?, 'c', 'Simulator', 'Enabled', NOW(3))",
    [clusterId, zoneId, podId],
  );
  await db.execute("INSERT INTO image_store (id, zone_id, name, path, created_at) VALUES (?, ?, 's', ?, NOW(3))", [
    newId(),
    zoneId,
    join(world.directory, `images-${zoneId}`),
  ]);
  return { zoneId, podId, clusterId };
}

/** Makes it. */
export async function makeGround(world: MatrixWorld, workflows: Workflows): Promise<Ground> {
  const { db } = world;
  const place = { world, workflows, ...(await makePlace(world)) };
  const hostIds: string[] = [];
  for (let count = 0; count < 2; count += 1) hostIds.push(await settle(place, 'addHost', await addHost(place)));
  const poolId = await settle(place, 'createStoragePool', await createRbdPool(place));
  const templateId = await settle(place, 'registerTemplate', await registerTemplate(place));
  const networkId = await createNetwork(place);
  const [offering] = await db.query<{ id: string }>("SELECT id FROM service_offering WHERE name = 'Tiny Instance'");
  const ground = { ...place, hostIds, poolId, templateId, networkId, offeringId: offering!.id };
  // From here on every host has the network, and the pool the base image: machines that come and go leave no trace.
  for (const id of hostIds)
    await only(ground, { table: 'host', id }, async () => expunge(ground, await deployed(ground)));
  return ground;
}

/** Takes away what a case has added to the ground and others would use. */
export async function clearGround(ground: Ground, seen: Snapshot): Promise<void> {
  const { world, hostIds, poolId } = ground;
  const { platform, call } = world;
  await goFirst(ground, false);
  for (const id of inState(seen, 'storage_pool', ['Up']).filter((one) => one !== poolId)) {
    const machines = await world.db.query<{ id: string }>(
      "SELECT DISTINCT vm_id AS id FROM volume WHERE pool_id = ? AND vm_id IS NOT NULL AND state <> 'Expunged'",
      [id],
    );
    for (const machine of machines) await expunge(ground, machine.id);
    await settle(ground, 'deleteStoragePool', await new DeleteStoragePoolHandler(platform).execute(call, { id }));
  }
  for (const id of inState(seen, 'host', ['Up', 'Disconnected']).filter((one) => !hostIds.includes(one)))
    await settle(ground, 'deleteHost', await new DeleteHostHandler(platform).execute(call, { id }));
}

/** From now on machines of the ground's cluster go over before their memory, at once; or they do not. */
export async function goFirst({ world, clusterId }: Ground, enabled: boolean): Promise<void> {
  const values = { 'vm.migrate.postcopy.enable': true, 'vm.migrate.postcopy.after': 0 } as const;
  await transaction(world.database.source, async (tx) => {
    for (const name of ['vm.migrate.postcopy.enable', 'vm.migrate.postcopy.after'] as const)
      await writeClusterSetting(tx, { clusterId, name }, enabled ? values[name] : undefined);
  });
}
