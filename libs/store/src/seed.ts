/** What every control plane begins with: ROOT, its administrator, a first choice of offerings. Safe to repeat. */
import { randomBytes } from 'node:crypto';
import { invariant } from '@durastack/contracts/errors';
import { BUILT_IN_ROLES, defaultRoleOf } from '@durastack/contracts/identity/roles';
import { providerOf, SEEDED_NETWORK_OFFERINGS } from '@durastack/contracts/network/network-offerings';
import { DEFAULT_VPC_OFFERING } from '@durastack/contracts/network/vpc-offerings';
import { newId } from '@durastack/kit/ids/new-id';
import { openSecretBox, type SecretBox } from '@durastack/kit/secrets/secret-box';
import type { DataSource } from 'typeorm';
import { connectDatabase } from './database/data-source.js';
import { withNamedLock } from './database/named-lock.js';
import { insertRow } from './database/rows.js';
import { transaction, type Tx } from './database/transaction.js';

/** Nobody can log in with it: no password has this hash. `updateUser` sets a real one. */
const NO_PASSWORD = '!';

const GIB = 1024 ** 3;

const SERVICE_OFFERINGS = [
  { name: 'Tiny Instance', displayText: '1 processor of 500 MHz, 128 MiB', cpuMhz: 500, memoryMib: 128 },
  { name: 'Small Instance', displayText: '1 processor of 500 MHz, 512 MiB', cpuMhz: 500, memoryMib: 512 },
  { name: 'Medium Instance', displayText: '1 processor of 1000 MHz, 1024 MiB', cpuMhz: 1000, memoryMib: 1024 },
] as const;

const DISK_OFFERINGS = [
  { name: 'Small', displayText: 'Small disk, 5 GiB', sizeBytes: 5 * GIB },
  { name: 'Medium', displayText: 'Medium disk, 20 GiB', sizeBytes: 20 * GIB },
  { name: 'Large', displayText: 'Large disk, 100 GiB', sizeBytes: 100 * GIB },
  { name: 'Custom', displayText: 'Disk of a size of your choice', sizeBytes: 0 },
] as const;

/** Fills an empty, migrated database; changes nothing in one that was filled before. */
export async function seed(source: DataSource): Promise<void> {
  await withNamedLock(source, 'seed', () =>
    transaction(source, async (tx) => {
      const done = await tx.query("SELECT 1 FROM setting WHERE name = 'control-epoch'");
      if (done.length > 0) return;
      await seedIdentity(tx);
      await seedOfferings(tx);
      await seedNetworkOfferings(tx);
      await seedVpcOffering(tx);
      await tx.execute("INSERT INTO setting (name, value) VALUES ('control-epoch', '1')");
    }),
  );
}

async function seedIdentity(tx: Tx): Promise<void> {
  const [domainId, accountId, userId] = [newId(), newId(), newId()];
  for (const role of BUILT_IN_ROLES) {
    await tx.execute(
      "INSERT INTO role (id, name, type, description, is_default, is_public, state, created_at) VALUES (?, ?, ?, ?, 1, 1, 'enabled', NOW(3))",
      [role.id, role.name, role.type, role.description],
    );
  }
  await tx.execute(
    `INSERT INTO domain (id, parent_id, name, path, display_path, level, removed, created_at)
     VALUES (?, NULL, 'ROOT', '/', 'ROOT', 0, 0, NOW(3))`,
    [domainId],
  );
  await tx.execute(
    "INSERT INTO account (id, domain_id, name, role, role_id, state, is_default, created_at) VALUES (?, ?, 'admin', 'admin', ?, 'enabled', 1, NOW(3))",
    [accountId, domainId, defaultRoleOf('Admin').id],
  );
  await tx.execute(
    `INSERT INTO user (id, account_id, username, first_name, last_name, email, password_hash, state, is_default, created_at)
     VALUES (?, ?, 'admin', 'Root', 'Administrator', 'admin@localhost', ?, 'enabled', 1, NOW(3))`,
    [userId, accountId, NO_PASSWORD],
  );
}

async function seedOfferings(tx: Tx): Promise<void> {
  for (const offering of SERVICE_OFFERINGS) {
    await tx.execute(
      `INSERT INTO service_offering (id, name, display_text, cpu_count, cpu_mhz, memory_mib, storage_type, offer_ha, removed, created_at)
       VALUES (?, ?, ?, 1, ?, ?, 'shared', 0, 0, NOW(3))`,
      [newId(), offering.name, offering.displayText, offering.cpuMhz, offering.memoryMib],
    );
  }
  for (const offering of DISK_OFFERINGS) {
    await tx.execute(
      `INSERT INTO disk_offering (id, name, display_text, size_bytes, customized, storage_type, removed, created_at)
       VALUES (?, ?, ?, ?, ?, 'shared', 0, NOW(3))`,
      [newId(), offering.name, offering.displayText, offering.sizeBytes, offering.sizeBytes === 0],
    );
  }
}

async function seedNetworkOfferings(tx: Tx): Promise<void> {
  for (const offering of SEEDED_NETWORK_OFFERINGS) {
    await insertRow(tx, 'network_offering', {
      id: offering.id,
      name: offering.name,
      display_text: offering.displayText,
      guest_ip_type: offering.guestIpType,
      state: 'Enabled',
      availability: offering.availability ?? 'Optional',
      is_default: true,
      for_vpc: offering.forVpc ?? false,
      conserve_mode: true,
      is_persistent: offering.isPersistent ?? false,
      specify_vlan: offering.specifyVlan,
      specify_ip_ranges: offering.specifyIpRanges,
      egress_default_policy: offering.guestIpType === 'Shared',
      services_json: JSON.stringify(offering.services.map((name) => ({ name, provider: providerOf(name) }))),
      live_key: '',
      created_at: new Date(),
    });
  }
}

function seedVpcOffering(tx: Tx): Promise<void> {
  const { id, name, displayText, services } = DEFAULT_VPC_OFFERING;
  return insertRow(tx, 'vpc_offering', {
    ...{ id, name, display_text: displayText, state: 'Enabled', is_default: true, live_key: '' },
    services_json: JSON.stringify(services.map((service) => ({ name: service, provider: providerOf(service) }))),
    created_at: new Date(),
  });
}

/** {@link seed} for a caller without a connection. */
export async function seedDatabase(url: string): Promise<void> {
  const source = await connectDatabase({ url, poolSize: 2 });
  try {
    await seed(source);
  } finally {
    await source.destroy();
  }
}

/** A user's pair of keys. */
export interface UserKeys {
  readonly apiKey: string;
  readonly secretKey: string;
}

/** A new pair: 64 random bytes each, base64url, as long as CloudStack's. */
export function newUserKeys(): UserKeys {
  return { apiKey: randomBytes(64).toString('base64url'), secretKey: randomBytes(64).toString('base64url') };
}

/** Gives a user a pair of keys; earlier ones stop working. The secret key is sealed. */
export async function storeUserKeys(tx: Tx, box: SecretBox, userId: string, keys: UserKeys): Promise<void> {
  await tx.execute('UPDATE user SET api_key = ?, secret_key_sealed = ? WHERE id = ?', [
    keys.apiKey,
    box.seal(keys.secretKey, `user:${userId}`),
    userId,
  ]);
}

/**
 * The keys of ROOT's user `admin`, made on the first call. The database must be migrated and seeded.
 *
 * @param databaseUrl see `DatabaseOptions.url`
 * @param dataKeyFile the data-encryption key, 32 bytes in base64
 * @throws DurastackError BUG when it was not seeded; MISCONFIGURED when the key is another one
 */
export async function ensureAdminKeys(databaseUrl: string, dataKeyFile: string): Promise<UserKeys> {
  const box = openSecretBox(dataKeyFile);
  const source = await connectDatabase({ url: databaseUrl, poolSize: 2 });
  try {
    return await withNamedLock(source, 'admin-keys', () => transaction(source, (tx) => adminKeys(tx, box)));
  } finally {
    await source.destroy();
  }
}

async function adminKeys(tx: Tx, box: SecretBox): Promise<UserKeys> {
  const rows = await tx.query<{ id: string; api_key: string | null; secret_key_sealed: string | null }>(
    `SELECT u.id, u.api_key, u.secret_key_sealed FROM user u
       JOIN account a ON a.id = u.account_id JOIN domain d ON d.id = a.domain_id
      WHERE u.username = 'admin' AND a.name = 'admin' AND d.parent_id IS NULL`,
  );
  const user = rows[0];
  invariant(user, 'The database was not seeded: ROOT has no user admin.');
  if (user.api_key !== null && user.secret_key_sealed !== null)
    return { apiKey: user.api_key, secretKey: box.open(user.secret_key_sealed, `user:${user.id}`) };
  const keys = newUserKeys();
  await storeUserKeys(tx, box, user.id, keys);
  return keys;
}
