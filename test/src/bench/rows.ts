/** Thousands of rows as operations would have left them, written in bulk. */
import { defaultRoleOf } from '@durastack/contracts/identity/roles';
import { invariant } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import { autocommit } from '@durastack/store/database/transaction';
import type { DataSource } from 'typeorm';

type Row = Readonly<Record<string, unknown>>;

const ROWS_AT_ONCE = 1_000;

/** Inserts rows of one shape. Table and columns come from code. */
export async function insertMany(source: DataSource, table: string, rows: readonly Row[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const some = rows.slice(at, at + ROWS_AT_ONCE);
    const columns = Object.keys(some[0]!);
    const marks = `(${columns.map(() => '?').join(', ')})`;
    await source.query(
      `INSERT INTO \`${table}\` (${columns.map((column) => `\`${column}\``).join(', ')}) VALUES ${some.map(() => marks).join(', ')}`,
      some.flatMap((row) => columns.map((column) => row[column] ?? null)),
    );
  }
}

/** Who owns what is made. */
export interface Owner {
  readonly accountId: string;
  readonly domainId: string;
  readonly userId: string;
}

/** A tenant in the root domain. */
export async function makeOwner(source: DataSource, index: number): Promise<Owner> {
  const [root] = await autocommit(source).query<{ id: string }>('SELECT id FROM domain WHERE parent_id IS NULL');
  invariant(root, 'The seed has no domain.');
  const owner = { accountId: newId(), domainId: root.id, userId: newId() };
  const name = `tenant-${index}`;
  const common = { state: 'enabled', created_at: new Date() };
  await insertMany(source, 'account', [
    { id: owner.accountId, domain_id: root.id, name, role: 'user', role_id: defaultRoleOf('User').id, ...common },
  ]);
  await insertMany(source, 'user', [
    {
      ...{ id: owner.userId, account_id: owner.accountId, username: name, first_name: 'A', last_name: 'B' },
      ...{ email: 'a@localhost', password_hash: '!', ...common },
    },
  ]);
  return owner;
}

/** Where machines are, and of what. */
export interface MachineGround {
  readonly zoneId: string;
  readonly hostIds: readonly string[];
  readonly poolId: string;
  readonly templateIds: readonly string[];
  readonly networkIds: readonly string[];
  readonly offeringIds: readonly string[];
}

const ROOT_BYTES = 2 * 1024 ** 3;
const nth = <T>(all: readonly T[], index: number): T => all[index % all.length]!;
const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

/**
 * Machines that are stopped, so that no loop has anything to do about them, each with a disk and an interface.
 *
 * @param count how many; their owners take turns, and `offset` were made before
 */
export async function makeMachines(
  source: DataSource,
  count: number,
  { ground, owners, offset = 0 }: { ground: MachineGround; owners: readonly Owner[]; offset?: number },
): Promise<void> {
  const created_at = new Date();
  const ids = Array.from({ length: count }, (_, index) => newId(Date.now() - count + index));
  const common = (index: number) => {
    const { accountId, domainId } = nth(owners, index);
    return { account_id: accountId, domain_id: domainId, zone_id: ground.zoneId, created_at };
  };
  await insertMany(
    source,
    'virtual_machine',
    ids.map((id, index) => ({
      ...common(index),
      id,
      name: `vm-${index}`,
      display_name: `Machine ${index}`,
      instance_name: `bench-i-${index}`,
      user_id: nth(owners, index).userId,
      host_id: null,
      last_host_id: nth(ground.hostIds, index),
      template_id: nth(ground.templateIds, index),
      service_offering_id: nth(ground.offeringIds, index),
      cpu_count: 1,
      cpu_mhz: 500,
      memory_mib: 128,
      state: 'Stopped',
      desired_power: 'off',
      observed_power: 'absent',
      display_vm: 1,
    })),
  );
  await insertMany(
    source,
    'volume',
    ids.map((vm_id, index) => ({
      ...common(index),
      id: newId(),
      name: `ROOT-vm-${index}`,
      vm_id,
      pool_id: ground.poolId,
      template_id: nth(ground.templateIds, index),
      kind: 'ROOT',
      device_id: 0,
      size_bytes: ROOT_BYTES,
      state: 'Ready',
    })),
  );
  await insertMany(
    source,
    'nic',
    ids
      .map((_, place) => offset + place)
      .map((index) => ({
        id: newId(),
        vm_id: ids[index - offset],
        network_id: nth(ground.networkIds, index),
        mac: `06:00:${hex(index, 8).match(/../g)!.join(':')}`,
        ip: `10.${64 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
        tap: `t${hex(index, 8)}`,
        is_default: 1,
        created_at,
      })),
  );
}
