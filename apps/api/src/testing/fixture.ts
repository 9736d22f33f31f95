/** One thing of each kind, written straight into the database of a spec. */
import { defaultRoleOf } from '@durastack/contracts/identity/roles';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { closeOwner, removeOwner, type OwnerRef } from '@durastack/store/identity/removal';
import type { TestAccount, TestApi } from './test-api.js';

/** Ids of a place that machines can be in. */
export interface Place {
  readonly zoneId: string;
  readonly podId: string;
  readonly clusterId: string;
  readonly hostId: string;
  readonly poolId: string;
  readonly storeId: string;
}

/** Ids of what an account owns. */
export interface Belongings {
  readonly vmId: string;
  readonly volumeId: string;
  readonly templateId: string;
  readonly isoId: string;
  readonly networkId: string;
  readonly keyPairId: string;
  readonly operationId: string;
  readonly instanceGroupId: string;
  /** A comment on the machine. */
  readonly annotationId: string;
  /** A project that it administers. */
  readonly projectId: string;
  /** A role of that project, and a rule of it. */
  readonly projectRoleId: string;
  readonly projectRuleId: string;
  /** An invitation to that project. */
  readonly invitationId: string;
}

/** What the operation that removes an account, a project or a domain does first. */
export const closed = ({ db }: Pick<TestApi, 'db'>, owner: OwnerRef, operationId: string) =>
  transaction(db.source, (tx) => closeOwner(tx, owner, operationId));

/** What it does last. */
export const removed = ({ db }: Pick<TestApi, 'db'>, owner: OwnerRef) =>
  transaction(db.source, (tx) => removeOwner(tx, owner));

let made = 0;

/** A zone with a pod, a cluster, a host that is up, a pool and an image store. */
export async function makePlace({ db }: Pick<TestApi, 'db'>): Promise<Place> {
  const tx = autocommit(db.source);
  const [zoneId, podId, clusterId, hostId, poolId, storeId] = [newId(), newId(), newId(), newId(), newId(), newId()];
  const created_at = new Date();
  const number = (made += 1);
  await insertRow(tx, 'zone', {
    id: zoneId,
    name: `zone-${number}`,
    dns1: '192.0.2.53',
    internal_dns1: '192.0.2.54',
    network_type: 'Advanced',
    allocation_state: 'Enabled',
    created_at,
  });
  await insertRow(tx, 'pod', {
    id: podId,
    zone_id: zoneId,
    name: 'pod',
    gateway: '10.0.0.1',
    netmask: '255.255.255.0',
    start_ip: '10.0.0.10',
    end_ip: '10.0.0.20',
    allocation_state: 'Enabled',
    created_at,
  });
  await insertRow(tx, 'cluster', {
    id: clusterId,
    zone_id: zoneId,
    pod_id: podId,
    name: 'cluster',
    hypervisor: 'Simulator',
    allocation_state: 'Enabled',
    created_at,
  });
  await insertRow(tx, 'host', {
    id: hostId,
    name: `host-${number}`,
    zone_id: zoneId,
    pod_id: podId,
    cluster_id: clusterId,
    hypervisor: 'Simulator',
    state: 'Up',
    allocation_state: 'Enabled',
    natural_key: `agent://${number}`,
    agent_url: `agent://192.0.2.1:${number}`,
    ip_address: '192.0.2.1',
    incarnation: 1,
    certificate_serial: 'aa',
    cpu_count: 8,
    cpu_mhz: 2000,
    memory_mib: 16_384,
    cpu_percent_used: 12.5,
    memory_mib_used: 1024,
    last_heartbeat_at: created_at,
    created_at,
  });
  await insertRow(tx, 'storage_pool', {
    id: poolId,
    name: 'pool',
    natural_key: `${zoneId}/pool`,
    zone_id: zoneId,
    pod_id: podId,
    cluster_id: clusterId,
    kind: 'shared-mount-point',
    scope: 'CLUSTER',
    path: '/srv/pool',
    state: 'Up',
    allocation_state: 'Enabled',
    capacity_bytes: 1e12,
    created_at,
  });
  await insertRow(tx, 'image_store', { id: storeId, zone_id: zoneId, name: 'store', path: '/srv/images', created_at });
  return { zoneId, podId, clusterId, hostId, poolId, storeId };
}

/** A running machine on a network of its own, with disk, tag, key pair, template and an operation under way. */
export async function makeBelongings(
  t: Pick<TestApi, 'db'>,
  place: Place,
  owner: Omit<TestAccount, 'keys'>,
): Promise<Belongings> {
  const tx = autocommit(t.db.source);
  const [vmId, volumeId, templateId, isoId] = [newId(), newId(), newId(), newId()];
  const [networkId, keyPairId, operationId, instanceGroupId] = [newId(), newId(), newId(), newId()];
  const annotationId = newId();
  const created_at = new Date();
  const own = { account_id: owner.id, domain_id: owner.domainId, created_at };
  const number = (made += 1);
  const [offering] = await tx.query<{ id: string }>("SELECT id FROM service_offering WHERE name = 'Tiny Instance'");
  const image = {
    ...own,
    zone_id: place.zoneId,
    store_id: place.storeId,
    url: 'http://192.0.2.9/image',
    state: 'Ready',
    size_bytes: 1000,
    virtual_size_bytes: 2000,
  };
  await insertRow(tx, 'template', {
    ...{ id: templateId, name: `template-${number}`, display_text: 'A template', format: 'qcow2', ...image },
    hypervisor: 'Simulator',
  });
  await insertRow(tx, 'template', {
    ...{ id: isoId, name: `iso-${number}`, display_text: 'An ISO', format: 'iso', hypervisor: 'None', ...image },
  });
  await insertRow(tx, 'network', {
    id: networkId,
    ...own,
    name: `network-${number}`,
    display_text: 'A network',
    zone_id: place.zoneId,
    kind: 'Shared',
    acl: 'account',
    driver: 'bridge',
    bridge: `br-${number}`,
    cidr: '10.9.0.0/24',
    gateway: '10.9.0.1',
    start_ip: '10.9.0.10',
    end_ip: '10.9.0.99',
    state: 'Implemented',
  });
  await insertRow(tx, 'virtual_machine', {
    id: vmId,
    ...own,
    name: `vm-${number}`,
    display_name: `Machine ${number}`,
    instance_name: `dura-${number}`,
    user_id: owner.userId,
    zone_id: place.zoneId,
    host_id: place.hostId,
    template_id: templateId,
    service_offering_id: offering?.id,
    cpu_count: 1,
    cpu_mhz: 500,
    memory_mib: 128,
    state: 'Running',
    desired_power: 'on',
    observed_power: 'running',
    observed_at: new Date(Date.now() - 60_000),
    operation_id: operationId,
    group_name: 'group',
    key_pair_names: `key-${number}`,
    display_vm: true,
  });
  await insertRow(tx, 'nic', {
    id: newId(),
    vm_id: vmId,
    network_id: networkId,
    mac: `02:00:00:00:00:${number.toString(16).padStart(2, '0')}`,
    ip: '10.9.0.10',
    tap: `tap${number}`,
    is_default: true,
    created_at,
  });
  await insertRow(tx, 'volume', {
    id: volumeId,
    ...own,
    name: `ROOT-${number}`,
    zone_id: place.zoneId,
    vm_id: vmId,
    pool_id: place.poolId,
    template_id: templateId,
    kind: 'ROOT',
    size_bytes: 2000,
    state: 'Ready',
  });
  for (const [type, id] of Object.entries({
    'virtual-machine': vmId,
    volume: volumeId,
    template: templateId,
    network: networkId,
  }))
    await insertRow(tx, 'resource_tag', {
      resource_type: type,
      resource_id: id,
      key: 'env',
      value: 'prod',
      account_id: owner.id,
    });
  const onMachine = { resource_type: 'virtual-machine', resource_id: vmId };
  await insertRow(tx, 'resource_detail', { ...onMachine, name: 'color', value: 'blue' });
  await insertRow(tx, 'annotation', {
    id: annotationId,
    text: 'A comment',
    ...onMachine,
    ...own,
    user_id: owner.userId,
  });
  await insertRow(tx, 'instance_group', { id: instanceGroupId, ...own, name: `group-${number}` });
  await insertRow(tx, 'ssh_key_pair', {
    id: keyPairId,
    ...own,
    name: `key-${number}`,
    fingerprint: 'aa:bb',
    public_key: 'ssh-rsa AAAA',
  });
  await insertRow(tx, 'operation', {
    id: operationId,
    kind: 'rebootVirtualMachine',
    state: 'running',
    run: 1,
    direction: 'forward',
    resource_type: 'virtual-machine',
    resource_id: vmId,
    summary: `Reboot vm-${number} for ${owner.name}/${owner.name}`,
    account_id: owner.id,
    domain_id: owner.domainId,
    user_id: owner.userId,
    zone_id: place.zoneId,
    lifecycle_json: '{}',
    input_json: '{}',
    step_index: 1,
    step_count: 4,
    step_title: 'Stop the machine',
    created_at,
    started_at: created_at,
    touched_at: created_at,
  });
  const project = await makeProject(tx, owner, number);
  const ids = { vmId, volumeId, templateId, isoId, networkId, keyPairId, operationId, instanceGroupId, annotationId };
  return { ...ids, ...project };
}

async function makeProject(tx: Tx, owner: Omit<TestAccount, 'keys'>, number: number) {
  const [projectId, accountId] = [newId(), newId()];
  const [projectRoleId, projectRuleId, invitationId] = [newId(), newId(), newId()];
  const [domain_id, created_at] = [owner.domainId, new Date()];
  await insertRow(tx, 'account', {
    ...{ id: accountId, domain_id, name: `project-${number}`, role: 'project', role_id: defaultRoleOf('User').id },
    ...{ state: 'enabled', created_at },
  });
  await insertRow(tx, 'project', {
    ...{ id: projectId, domain_id, account_id: accountId, name: `project-${number}`, display_text: 'A project' },
    ...{ state: 'Active', created_at },
  });
  await insertRow(tx, 'project_member', {
    ...{ id: newId(), project_id: projectId, account_id: owner.id, role: 'Admin', created_at },
  });
  await insertRow(tx, 'project_role', { id: projectRoleId, project_id: projectId, name: 'watcher', created_at });
  await insertRow(tx, 'role_permission', {
    ...{ id: projectRuleId, role_id: projectRoleId, rule: 'list*', permission: 'allow', sort_order: 0 },
  });
  await insertRow(tx, 'project_invitation', {
    ...{ id: invitationId, project_id: projectId, domain_id, account_id: owner.id, role: 'Regular', state: 'Pending' },
    ...{ expires_at: new Date(Date.now() + 3_600_000), created_at },
  });
  return { projectId, projectRoleId, projectRuleId, invitationId };
}
