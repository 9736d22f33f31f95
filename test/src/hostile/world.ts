/** A real API process on a database of its own, with tenants who own things: what hostile calls are aimed at. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeBelongings, makePlace, type Belongings, type Place } from '@durastack/api/testing/fixture';
import { ApiClient } from '@durastack/cli/api/api-client';
import { newId } from '@durastack/kit/ids/new-id';
import { openSecretBox } from '@durastack/kit/secrets/secret-box';
import type { KeyAndCertificate } from '@durastack/kit/tls/certificate-authority';
import { transaction } from '@durastack/store/database/transaction';
import { removeOwner } from '@durastack/store/identity/removal';
import { loadCertificateAuthority } from '@durastack/store/infra/certificate-authority';
import { ensureAdminKeys, seed } from '@durastack/store/seed';
import { createTestDatabase, type TestDatabase } from '@durastack/store/testing/test-database';
import { itemsOf, objectOf } from '../support/basis.js';
import { answers, Child } from '../support/child.js';
import { freePort } from '../support/free-port.js';

const CHECKOUT = resolve(fileURLToPath(new URL('../../..', import.meta.url)));

/** A user with keys, and what the account owns. */
export interface Tenant {
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly domainId: string;
  readonly password: string;
  readonly keys: { readonly apiKey: string; readonly secretKey: string };
  readonly belongings?: Belongings;
}

/** The names of the tenants: two of one domain, one below it, one beside it, and administrators. */
export const TENANTS = ['root', 'dora', 'alice', 'bob', 'sue', 'rick', 'carl'] as const;
/** See {@link TENANTS}. */
export type TenantName = (typeof TENANTS)[number];

/** Ids by the kind of thing. */
export type IdsByKind = Readonly<Record<string, readonly string[]>>;

/** A running API with tenants. */
export interface HostileWorld {
  readonly url: string;
  readonly port: number;
  readonly intakePort: number;
  /** Who signs the certificates of hosts. */
  readonly authority: KeyAndCertificate;
  readonly database: TestDatabase;
  readonly api: Child;
  readonly place: Place;
  readonly tenants: Readonly<Record<TenantName, Tenant>>;
  /** What exists, of all tenants and of the infrastructure. */
  readonly ids: IdsByKind;
  /** What existed once. */
  readonly deletedIds: readonly string[];
  stop(): Promise<void>;
}

/** Starts one. Temporal is not there: what is accepted waits in its queue. */
export async function startHostileWorld(): Promise<HostileWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'durastack-hostile-'));
  const database = await createTestDatabase();
  const [port, intakePort] = [await freePort(), await freePort()];
  const dataKeyFile = join(directory, 'data.key');
  writeFileSync(dataKeyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  await seed(database.source);
  const keys = await ensureAdminKeys(database.url, dataKeyFile);
  const url = `http://127.0.0.1:${port}`;
  const api = new Child({
    command: process.execPath,
    args: [join(CHECKOUT, 'apps/api/dist/main.js')],
    env: {
      DURASTACK_INSTANCE: 'test',
      DURASTACK_DATABASE_URL: database.url,
      DURASTACK_DATA_KEY_FILE: dataKeyFile,
      DURASTACK_API_LISTEN: `127.0.0.1:${port}`,
      DURASTACK_INTAKE_LISTEN: `127.0.0.1:${intakePort}`,
    },
    logFile: join(directory, 'api.log'),
    ready: () => answers(`${url}/health`),
  });
  const stop = async () => {
    await api.kill('SIGKILL');
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await api.start();
    const admin = new ApiClient({ url: `${url}/client/api`, ...keys });
    const place = await makePlace({ db: database });
    const { tenants, domainIds } = await makeTenants(admin, { keys, database, place });
    const ids = await idsByKind(database, { place, tenants, domainIds });
    const deletedIds = await deletedThings(admin, { database, place, owner: tenants.alice });
    const authority = await loadCertificateAuthority(database.source, openSecretBox(dataKeyFile));
    return { url, port, intakePort, authority, database, api, place, tenants, ids, deletedIds, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeTenants(
  admin: ApiClient,
  scene: { keys: Tenant['keys']; database: TestDatabase; place: Place },
): Promise<{ tenants: Record<TenantName, Tenant>; domainIds: string[] }> {
  const acme = objectOf(await admin.call('createDomain', { name: 'acme' })).id;
  const below = objectOf(await admin.call('createDomain', { name: 'below', parentdomainid: acme })).id;
  const rival = objectOf(await admin.call('createDomain', { name: 'rival' })).id;
  const make = async (name: string, domainId: string, accountType: string, owns: boolean): Promise<Tenant> => {
    const password = `secret-of-${name}`;
    const account = objectOf(
      await admin.call('createAccount', {
        ...{ username: name, password, firstname: name, lastname: 'Spec', email: `${name}@example.org` },
        domainid: domainId,
        accounttype: accountType,
      }),
    );
    const userId = (account['user'] as { id: string }[])[0]?.id ?? '';
    const pair = objectOf(await admin.call('registerUserKeys', { id: userId }));
    const keys = { apiKey: String(pair['apikey']), secretKey: String(pair['secretkey']) };
    const tenant = { id: account.id, userId, name, domainId, password, keys };
    const { database, place } = scene;
    return owns ? { ...tenant, belongings: await makeBelongings({ db: database }, place, tenant) } : tenant;
  };
  const [root] = itemsOf(await admin.call('listUsers', { username: 'admin' }));
  const tenants = {
    root: {
      id: String(root?.['accountid']),
      userId: String(root?.id),
      name: 'admin',
      domainId: String(root?.['domainid']),
      password: '',
      keys: scene.keys,
    },
    dora: await make('dora', acme, '2', false),
    alice: await make('alice', acme, '0', true),
    bob: await make('bob', acme, '0', true),
    sue: await make('sue', below, '0', true),
    rick: await make('rick', rival, '2', false),
    carl: await make('carl', rival, '0', true),
  };
  return { tenants, domainIds: [acme, below, rival] };
}

async function idsByKind(
  database: TestDatabase,
  scene: { place: Place; tenants: Record<TenantName, Tenant>; domainIds: string[] },
): Promise<IdsByKind> {
  const { place, tenants, domainIds } = scene;
  const all = Object.values(tenants);
  const own = all.flatMap(({ belongings }) => (belongings ? [belongings] : []));
  const offerings = async (table: string) =>
    ((await database.source.query(`SELECT id FROM ${table}`)) as { id: string }[]).map(({ id }) => id);
  return {
    zone: [place.zoneId],
    pod: [place.podId],
    cluster: [place.clusterId],
    host: [place.hostId],
    pool: [place.poolId],
    store: [place.storeId],
    domain: domainIds,
    account: all.map(({ id }) => id),
    user: all.map(({ userId }) => userId),
    machine: own.map(({ vmId }) => vmId),
    volume: own.map(({ volumeId }) => volumeId),
    template: own.map(({ templateId }) => templateId),
    iso: own.map(({ isoId }) => isoId),
    network: own.map(({ networkId }) => networkId),
    keypair: own.map(({ keyPairId }) => keyPairId),
    project: own.map(({ projectId }) => projectId),
    job: own.map(({ operationId }) => operationId),
    serviceoffering: await offerings('service_offering'),
    diskoffering: await offerings('disk_offering'),
  };
}

/** Things that were there and are not any more, as the product leaves their rows. */
async function deletedThings(
  admin: ApiClient,
  scene: { database: TestDatabase; place: Place; owner: Tenant },
): Promise<string[]> {
  const { database, place, owner } = scene;
  const offering = objectOf(
    await admin.call('createServiceOffering', {
      ...{ name: 'gone', displaytext: 'gone', cpunumber: '1', cpuspeed: '500', memory: '128' },
    }),
  );
  await admin.call('deleteServiceOffering', { id: offering.id });
  const account = objectOf(
    await admin.call('createAccount', {
      ...{ username: 'gone', password: newId(), firstname: 'g', lastname: 'g', email: 'g@example.org' },
      accounttype: '0',
    }),
  );
  await transaction(database.source, (tx) => removeOwner(tx, { type: 'account', id: account.id }));
  const things = await makeBelongings({ db: database }, place, owner);
  const finals = { virtual_machine: things.vmId, volume: things.volumeId, network: things.networkId };
  const words: Readonly<Record<string, string>> = {
    virtual_machine: 'Expunged',
    volume: 'Expunged',
    network: 'Removed',
  };
  for (const [table, id] of Object.entries(finals))
    await database.source.query(`UPDATE ${table} SET state = ? WHERE id = ?`, [words[table], id]);
  await database.source.query("UPDATE virtual_machine SET operation_id = NULL WHERE state = 'Expunged'");
  await database.source.query("UPDATE template SET state = 'Removed' WHERE id IN (?, ?)", [
    things.templateId,
    things.isoId,
  ]);
  await database.source.query("UPDATE operation SET state = 'succeeded', ended_at = NOW(3) WHERE id = ?", [
    things.operationId,
  ]);
  return [offering.id, account.id, ...Object.values(finals), things.templateId, things.isoId];
}
