/** The callers and the things of the authorisation matrix: a hostile world with members, and credentials that are over. */
import { makeBelongings, type Belongings } from '@durastack/api/testing/fixture';
import { ApiClient } from '@durastack/cli/api/api-client';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit } from '@durastack/store/database/transaction';
import { objectOf } from '../support/basis.js';
import type { CallerName, ThingKind } from './authorisation-rules.js';
import type { Credentials } from './call.js';
import { startHostileWorld, type HostileWorld, type Tenant } from './world.js';

/** Ids by kind; for `owner` see `matrix-calls.ts`. */
export type Things = Readonly<Partial<Record<ThingKind, string>>>;

/** See the module. */
export interface MatrixWorld {
  readonly world: HostileWorld;
  readonly callers: Readonly<Record<CallerName, { readonly as: Tenant; readonly credentials: Credentials }>>;
  /** What the owner has, and what its project has. */
  readonly own: Things;
  readonly shared: Things;
  /** Of networks that users make themselves. */
  readonly isolatedOfferingId: string;
}

/** Starts one. */
export async function startMatrixWorld(): Promise<MatrixWorld> {
  const world = await startHostileWorld();
  try {
    const { alice, bob, carl, dora, rick, root } = world.tenants;
    const admin = new ApiClient({ url: `${world.url}/client/api`, ...root.keys });
    const below = String(world.ids['domain']?.[1]);
    const projectId = alice.belongings?.projectId ?? '';
    const mia = await makeAccount(admin, alice.domainId, 'mia');
    await admin.call('addAccountToProject', { projectid: projectId, account: mia.name });
    const locked = await makeAccount(admin, alice.domainId, 'locked');
    await admin.call('lockAccount', { account: locked.name, domainid: alice.domainId });
    const off = await userOf(admin, alice, 'off');
    await admin.call('disableUser', { id: off.userId });
    const replaced = await userOf(admin, alice, 'replaced');
    await admin.call('registerUserKeys', { id: replaced.userId });
    const tx = autocommit(world.database.source);
    const [offering] = await tx.query<{ id: string }>(
      "SELECT id FROM network_offering WHERE guest_ip_type = 'Isolated' AND state = 'Enabled' AND NOT for_vpc AND NOT specify_vlan ORDER BY name LIMIT 1",
    );
    const as = (tenant: Tenant, credentials: Credentials = 'right') => ({ as: tenant, credentials });
    return {
      world,
      callers: {
        ...{ nobody: as(alice, 'none'), other: as(carl), same: as(bob), beside: as(rick), above: as(dora) },
        ...{ root: as(root), owner: as(alice), member: as(mia), nonmember: as(bob) },
        ...{ disabled: as(off), locked: as(locked), expired: as(alice, 'expired'), replaced: as(replaced) },
      },
      own: {
        ...(await thingsOf(world, alice)),
        ...(await userDataOf(world, alice)),
        domain: below,
        account: alice.id,
        user: alice.userId,
        apikey: alice.keys.apiKey,
      },
      shared: {
        ...(await sharedThings(world, alice, projectId)),
        ...(await userDataOf(world, alice, { projectid: projectId })),
      },
      isolatedOfferingId: String(offering?.id),
    };
  } catch (error) {
    await world.stop();
    throw error;
  }
}

const PERSON = { password: 'secret-of-the-matrix', firstname: 'f', lastname: 'l', email: 'e@example.org' };

async function keysOf(admin: ApiClient, userId: string): Promise<Tenant['keys']> {
  const pair = objectOf(await admin.call('registerUserKeys', { id: userId }));
  return { apiKey: String(pair['apikey']), secretKey: String(pair['secretkey']) };
}

async function makeAccount(admin: ApiClient, domainId: string, name: string): Promise<Tenant> {
  const made = await admin.call('createAccount', { ...PERSON, username: name, domainid: domainId, accounttype: '0' });
  const account = objectOf(made);
  const userId = (account['user'] as { id: string }[])[0]?.id ?? '';
  return { id: account.id, userId, name, domainId, password: PERSON.password, keys: await keysOf(admin, userId) };
}

/** Another user of an account. */
async function userOf(admin: ApiClient, owner: Tenant, username: string): Promise<Tenant> {
  const order = { ...PERSON, username, account: owner.name, domainid: owner.domainId };
  const user = objectOf(await admin.call('createUser', order));
  return { ...owner, userId: user.id, password: PERSON.password, keys: await keysOf(admin, user.id) };
}

/** Sealed by the product itself. */
async function userDataOf(world: HostileWorld, { keys }: Tenant, params: Record<string, string> = {}) {
  const client = new ApiClient({ url: `${world.url}/client/api`, ...keys });
  const made = await client.call('registerUserData', { name: 'kept', userdata: 'aGk=', ...params });
  return { userdata: objectOf(made).id };
}

async function sharedThings(world: HostileWorld, alice: Tenant, projectId: string): Promise<Things> {
  const [project] = (await world.database.source.query('SELECT account_id AS id FROM project WHERE id = ?', [
    projectId,
  ])) as { id: string }[];
  const { belongings: _own, ...tenant } = alice;
  const holder = { ...tenant, id: project?.id ?? '' };
  const belongings = await makeBelongings({ db: world.database }, world.place, holder);
  const things = await thingsOf(world, { ...holder, belongings });
  return { ...things, project: projectId, invitation: alice.belongings?.invitationId ?? '' };
}

/** Things of a tenant by kind: those of the fixture, and what the fixture has not. */
async function thingsOf(world: HostileWorld, tenant: Tenant): Promise<Things> {
  const has = tenant.belongings as Belongings;
  const tx = autocommit(world.database.source);
  const created_at = new Date();
  const own = { account_id: tenant.id, domain_id: tenant.domainId, created_at };
  const [affinitygroup, ip, event, rangeId, secondaryip] = [newId(), newId(), newId(), newId(), newId()];
  const [first] = await tx.query<{ id: string }>('SELECT id FROM nic WHERE vm_id = ?', [has.vmId]);
  const nic = first!.id;
  await insertRow(tx, 'affinity_group', {
    ...{ id: affinitygroup, name: `group-${affinitygroup}`, type: 'host anti-affinity', ...own },
  });
  // Shared networks are the administrator's to delete.
  await tx.execute("UPDATE network SET kind = 'Isolated' WHERE id = ?", [has.networkId]);
  await insertRow(tx, 'affinity_group_member', { group_id: affinitygroup, vm_id: has.vmId, created_at });
  const last = (position += 1);
  await insertRow(tx, 'nic_secondary_ip', {
    ...{ id: secondaryip, nic_id: nic, network_id: has.networkId, ip: `10.9.1.${last}`, created_at },
  });
  await insertRow(tx, 'vlan_ip_range', {
    ...{
      id: rangeId,
      zone_id: world.place.zoneId,
      vlan: 'untagged',
      gateway: '198.51.100.1',
      netmask: '255.255.255.0',
    },
    ...{ start_ip: `198.51.100.${last}`, end_ip: `198.51.100.${last}`, created_at },
  });
  await insertRow(tx, 'public_ip', {
    ...{ id: ip, range_id: rangeId, zone_id: world.place.zoneId, ip: `198.51.100.${last}`, position: last },
    ...{ state: 'Allocated', allocated_at: created_at, ...own },
  });
  await insertRow(tx, 'event', {
    ...{ id: event, user_id: tenant.userId, type: 'VM.REBOOT', level: 'INFO', state: 'Completed', description: 'done' },
    ...{ resource_type: 'virtual-machine', resource_id: has.vmId, operation_id: has.operationId, ...own },
  });
  return {
    ...{ machine: has.vmId, volume: has.volumeId, template: has.templateId, iso: has.isoId },
    network: has.networkId,
    ...{ keypair: has.keyPairId, job: has.operationId, instancegroup: has.instanceGroupId, project: has.projectId },
    ...{ invitation: has.invitationId, annotation: has.annotationId },
    ...{ affinitygroup, ip, event, nic, secondaryip },
  };
}

let position = 10;
