/** Accounts, projects and domains that go with what they own. */
import { DeleteAccountHandler } from '@durastack/api/identity/delete-account.command';
import { DeleteDomainHandler } from '@durastack/api/identity/delete-domain.command';
import { DeleteProjectHandler } from '@durastack/api/identity/delete-project.command';
import { Registry } from '@durastack/api/catalogue/registry';
import { RoleBook } from '@durastack/api/identity/role-book';
import { defaultRoleOf } from '@durastack/contracts/identity/roles';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import type { Ground, Started } from './ground.js';
import { detachedVolume } from './volume-ground.js';
import { machineWithDisk } from './vm-with-disk-ground.js';

/** Asks for an account to go. */
export function removeAccount({ world }: Ground, id: string): Promise<Started> {
  const roles = new RoleBook(world.platform, new Registry());
  return new DeleteAccountHandler(world.platform, roles).execute(world.call, { id });
}

/** Asks for a project to go, with all that it owns. */
export const removeProject = ({ world }: Ground, id: string): Promise<Started> =>
  new DeleteProjectHandler(world.platform).execute(world.call, { id, cleanup: true });

/** Asks for a domain to go, with all that is in it. */
export const removeDomain = ({ world }: Ground, id: string): Promise<Started> =>
  new DeleteDomainHandler(world.platform).execute(world.call, { id, cleanup: true });

/** What is gone for good, also when its owner stays: a disk. */
export const DISK_IS_GONE: readonly string[] = [
  '- disk volume in storage_pool',
  '- reservation volume volume storage_pool',
  '~ storage_pool reserved_bytes: by -1073741824',
  '~ volume pool_id: storage_pool → none',
  '~ volume state: Ready → Expunged',
];
/** The same, of a machine that ran with its disks. */
export const MACHINE_IS_GONE: readonly string[] = [
  ...DISK_IS_GONE,
  '- domain virtual_machine on host',
  '- nic',
  '- reservation virtual_machine run host',
  '~ host cpu_mhz_reserved: by -500',
  '~ host memory_mib_reserved: by -128',
  '~ storage_pool reserved_bytes: by -2147483648',
  '~ virtual_machine host_id: host → none',
  '~ virtual_machine last_host_id: none → host',
  '~ virtual_machine observed_power: running → absent',
  '~ virtual_machine state: Running → Expunged',
  '~ volume device_id: 1 → 0',
  '~ volume vm_id: virtual_machine → none',
];

async function makeAccount({ world }: Ground, role: 'user' | 'project', domainId?: string): Promise<string> {
  const id = newId();
  await insertRow(world.db, 'account', {
    ...{ id, domain_id: domainId ?? world.call.caller.domainId, name: `account-${id}`, role },
    ...{ role_id: defaultRoleOf('User').id, state: 'enabled', created_at: new Date() },
  });
  return id;
}

/** Makes an account the owner of what a condition with one parameter finds. */
async function give({ world }: Ground, accountId: string, [table, where, id]: readonly [string, string, string]) {
  await world.db.execute(`UPDATE ${table} SET account_id = ? WHERE ${where} = ?`, [accountId, id]);
}

/** An account with a machine that runs with a data disk; its id. */
export async function richAccount(ground: Ground): Promise<string> {
  const id = await makeAccount(ground, 'user');
  const vmId = await machineWithDisk(ground);
  await give(ground, id, ['virtual_machine', 'id', vmId]);
  await give(ground, id, ['volume', 'vm_id', vmId]);
  return id;
}

/** A project with a disk; its id. */
export async function richProject(ground: Ground): Promise<string> {
  const [id, accountId] = [newId(), await makeAccount(ground, 'project')];
  await insertRow(ground.world.db, 'project', {
    ...{ id, domain_id: ground.world.call.caller.domainId, account_id: accountId, name: `project-${id}` },
    ...{ display_text: 'A project', state: 'Active', created_at: new Date() },
  });
  await give(ground, accountId, ['volume', 'id', await detachedVolume(ground)]);
  return id;
}

/** A domain with an account and a domain below it; its id. */
export async function richDomain(ground: Ground): Promise<string> {
  const { db, call } = ground.world;
  const [id, below] = [newId(), newId()];
  const make = (one: string, parent: string, path: string) =>
    insertRow(db, 'domain', {
      ...{ id: one, parent_id: parent, name: `domain-${one}`, path, display_path: `ROOT/${one}`, level: 1 },
      ...{ removed: false, created_at: new Date() },
    });
  await make(id, call.caller.domainId, `/${id}/`);
  await make(below, id, `/${id}/${below}/`);
  await makeAccount(ground, 'user', id);
  return id;
}
