/**
 * How each operation comes about: by the very handler that serves the API, on a world that is ready for it.
 *
 * Every workflow needs one here; the matrix says so when it is missing.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DeployVirtualMachineHandler } from '@durastack/api/compute/deploy-virtual-machine.command';
import { DestroyVirtualMachineHandler } from '@durastack/api/compute/destroy-virtual-machine.command';
import { ExpungeVirtualMachineHandler } from '@durastack/api/compute/expunge-virtual-machine.command';
import { RebootVirtualMachineHandler } from '@durastack/api/compute/reboot-virtual-machine.command';
import { StartVirtualMachineHandler } from '@durastack/api/compute/start-virtual-machine.command';
import { StopVirtualMachineHandler } from '@durastack/api/compute/stop-virtual-machine.command';
import { DeleteTemplateHandler } from '@durastack/api/image/delete-template.command';
import { RegisterTemplateHandler } from '@durastack/api/image/register-template.command';
import { AddHostHandler } from '@durastack/api/infra/add-host.command';
import { DeleteHostHandler } from '@durastack/api/infra/delete-host.command';
import { ReconnectHostHandler } from '@durastack/api/infra/reconnect-host.command';
import { CreateNetworkHandler } from '@durastack/api/network/create-network.command';
import { DeleteNetworkHandler } from '@durastack/api/network/delete-network.command';
import { CreateStoragePoolHandler } from '@durastack/api/storage/create-storage-pool.command';
import { DeleteStoragePoolHandler } from '@durastack/api/storage/delete-storage-pool.command';
import { newId } from '@durastack/kit/ids/new-id';
import type { StepList } from '@durastack/kit/saga/steps';
import type { MatrixWorld } from './matrix-world.js';
import { runToEnd } from './plain-runtime.js';

/** Step lists by workflow name. */
export type Workflows = ReadonlyMap<string, StepList>;

/** What every scenario stands on. */
export interface Ground {
  readonly world: MatrixWorld;
  readonly workflows: Workflows;
  readonly zoneId: string;
  readonly podId: string;
  readonly clusterId: string;
  readonly templateId: string;
  readonly networkId: string;
  readonly offeringId: string;
}

type Started = { readonly operationId: string; readonly resourceId: string };

/** Accepts the operation; everything before it has been run to its end. */
export type Scenario = (ground: Ground) => Promise<Started>;

/** Runs an operation without faults; its resource's id. */
export async function settle(
  ground: Pick<Ground, 'world' | 'workflows'>,
  kind: string,
  started: Started,
): Promise<string> {
  const state = await runToEnd(ground.world, ground.workflows.get(kind)!, started.operationId);
  if (state !== 'succeeded') {
    const rows = await ground.world.db.query(
      'SELECT kind, state, error_code, error_message FROM operation WHERE id = ?',
      [started.operationId],
    );
    throw new TypeError(`${kind} was to succeed: ${JSON.stringify(rows)}`);
  }
  return started.resourceId;
}

type Where = Pick<Ground, 'world' | 'zoneId' | 'podId' | 'clusterId'>;

function addHost({ world, zoneId, podId, clusterId }: Where): Promise<Started> {
  return new AddHostHandler(world.platform).execute(world.call, {
    zoneId,
    podId,
    clusterId,
    hypervisor: 'Simulator',
    ...world.hostParams(),
  });
}

function createPool({ world, zoneId, podId, clusterId }: Where): Promise<Started> {
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

function registerTemplate({ world, zoneId }: Where): Promise<Started> {
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

let subnets = 0;
async function createNetwork({ world, zoneId }: Where): Promise<string> {
  subnets += 1;
  const net = `10.${100 + Math.floor(subnets / 250)}.${subnets % 250}`;
  const { id } = await new CreateNetworkHandler(world.platform).execute(world.call, {
    ...{
      zoneId,
      networkOfferingId: newId(),
      name: `n${subnets}`,
      gateway: `${net}.1`,
      netmask: '255.255.255.0',
      startIp: `${net}.2`,
      endIp: `${net}.250`,
    },
  });
  return id;
}

function deploy({ world, zoneId, templateId, networkId, offeringId }: Ground): Promise<Started> {
  return new DeployVirtualMachineHandler(world.platform).execute(world.call, {
    zoneId,
    templateId,
    serviceOfferingId: offeringId,
    networkIds: [networkId],
  });
}

const deployed = async (ground: Ground) => settle(ground, 'deployVirtualMachine', await deploy(ground));
const stop = (ground: Ground, id: string) =>
  new StopVirtualMachineHandler(ground.world.platform).execute(ground.world.call, { id, forced: true });

/** By workflow name. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  deployVirtualMachine: deploy,
  async startVirtualMachine(ground) {
    const id = await deployed(ground);
    await settle(ground, 'stopVirtualMachine', await stop(ground, id));
    return new StartVirtualMachineHandler(ground.world.platform).execute(ground.world.call, { id });
  },
  async stopVirtualMachine(ground) {
    return new StopVirtualMachineHandler(ground.world.platform).execute(ground.world.call, {
      id: await deployed(ground),
    });
  },
  async rebootVirtualMachine(ground) {
    return new RebootVirtualMachineHandler(ground.world.platform).execute(ground.world.call, {
      id: await deployed(ground),
    });
  },
  async destroyVirtualMachine(ground) {
    return new DestroyVirtualMachineHandler(ground.world.platform).execute(ground.world.call, {
      id: await deployed(ground),
    });
  },
  async expungeVirtualMachine(ground) {
    return new ExpungeVirtualMachineHandler(ground.world.platform).execute(ground.world.call, {
      id: await deployed(ground),
    });
  },
  addHost,
  async deleteHost(ground) {
    const id = await settle(ground, 'addHost', await addHost(ground));
    return new DeleteHostHandler(ground.world.platform).execute(ground.world.call, { id });
  },
  async reconnectHost(ground) {
    const [host] = await ground.world.db.query<{ id: string }>("SELECT id FROM host WHERE state = 'Up' LIMIT 1");
    return new ReconnectHostHandler(ground.world.platform).execute(ground.world.call, { id: host!.id });
  },
  createStoragePool: createPool,
  async deleteStoragePool(ground) {
    const id = await settle(ground, 'createStoragePool', await createPool(ground));
    return new DeleteStoragePoolHandler(ground.world.platform).execute(ground.world.call, { id });
  },
  registerTemplate,
  async deleteTemplate(ground) {
    const id = await settle(ground, 'registerTemplate', await registerTemplate(ground));
    return new DeleteTemplateHandler(ground.world.platform).execute(ground.world.call, { id });
  },
  async deleteNetwork(ground) {
    return new DeleteNetworkHandler(ground.world.platform).execute(ground.world.call, {
      id: await createNetwork(ground),
    });
  },
};

/** Makes the ground: a zone with two hosts, a pool, a template, a network. */
export async function makeGround(world: MatrixWorld, workflows: Workflows): Promise<Ground> {
  const [zoneId, podId, clusterId] = [newId(), newId(), newId()];
  const { db } = world;
  await db.execute(
    "INSERT INTO zone (id, name, dns1, internal_dns1, network_type, allocation_state, created_at) VALUES (?, 'z', '10.0.0.1', '127.0.0.1', 'Advanced', 'Enabled', NOW(3))",
    [zoneId],
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
    join(world.directory, 'images'),
  ]);
  const where = { world, workflows, zoneId, podId, clusterId };
  for (let count = 0; count < 2; count += 1) await settle(where, 'addHost', await addHost(where));
  await settle(where, 'createStoragePool', await createPool(where));
  const templateId = await settle(where, 'registerTemplate', await registerTemplate(where));
  const networkId = await createNetwork(where);
  const [offering] = await db.query<{ id: string }>("SELECT id FROM service_offering WHERE name = 'Tiny Instance'");
  return { ...where, templateId, networkId, offeringId: offering!.id };
}
