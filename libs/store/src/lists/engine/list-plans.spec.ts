/** Lists on an estate of thousands of rows: as many statements for a full page as for a small one, each by an index. */
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { newId } from '@durastack/kit/ids/new-id';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertRow } from '../../database/rows.js';
import { autocommit, type Tx } from '../../database/transaction.js';
import { populate } from '../../estate/populate.js';
import type { Tenant } from '../../estate/tenants.js';
import type { Caller } from '../../identity/caller.js';
import { seed } from '../../seed.js';
import { countMachines, readHostSums } from '../../infra/host-sums.js';
import { readCapacities } from '../../infra/capacity.js';
import { readTagsInUse } from '../../infra/tags-in-use.js';
import { isFullScan, isScannedAgain, plansOf, plansOfRead, statementsOf } from '../../testing/list-plans.js';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.js';
import { serviceOfferings } from '../compute/service-offerings.list.js';
import { virtualMachines } from '../compute/virtual-machines.list.js';
import { accounts } from '../identity/accounts.list.js';
import { domains } from '../identity/domains.list.js';
import { templates } from '../image/templates.list.js';
import { hosts } from '../infra/hosts.list.js';
import { networks } from '../network/networks.list.js';
import { publicIpAddresses } from '../network/public-ip-addresses.list.js';
import { diskOfferings } from '../storage/disk-offerings.list.js';
import { volumes } from '../storage/volumes.list.js';
import type { ListView } from './define-list.js';

const SIZE = {
  domains: 2_500,
  accounts: 3_000,
  networks: 3_000,
  vms: 3_000,
  volumes: 6_000,
  publicips: 3_000,
  hosts: 3_000,
};
const LARGE = new Set([
  'domain',
  'account',
  'user',
  'network',
  'public_ip',
  'virtual_machine',
  'volume',
  'nic',
  'host',
]);
/** Beyond a page: an index that is walked to its first rows is estimated by its pages. */
const FEW = 500;
const [SMALL_PAGE, FULL_PAGE] = ['5', '100'];

const VIEWS: Readonly<Record<string, ListView>> = {
  domains,
  accounts,
  virtualMachines,
  volumes,
  templates,
  networks,
  publicIpAddresses,
  serviceOfferings,
  diskOfferings,
  hosts,
};
const ROLES = ['admin', 'domain-admin', 'user'] as const;

let database: TestDatabase;
let db: Tx;
const callers = new Map<string, Caller>();

beforeAll(async () => {
  database = await createTestDatabase();
  db = autocommit(database.source);
  await seed(database.source);
  await makeGround();
  const { domainAdmins, large } = await populate(database.source, { size: SIZE, instance: 'spec' });
  const [root] = await db.query<Tenant>(
    'SELECT a.id AS accountId, a.domain_id AS domainId, u.id AS userId FROM account a JOIN user u ON u.account_id = a.id WHERE a.is_default',
  );
  for (const [role, tenant] of [
    ['admin', root],
    ['domain-admin', domainAdmins[0]],
    ['user', large[0]],
  ] as const)
    callers.set(role, await callerOf(role, tenant!));
}, 240_000);
afterAll(() => database.drop());

async function makeGround(): Promise<void> {
  const created_at = new Date();
  const [root] = await db.query<{ id: string; domain: string }>('SELECT id, domain_id AS domain FROM account');
  const owner = { account_id: root!.id, domain_id: root!.domain };
  const zone = { id: newId(), name: 'z', dns1: '10.0.0.1', internal_dns1: '10.0.0.1', network_type: 'Advanced' };
  await insertRow(db, 'zone', { ...zone, allocation_state: 'Enabled', created_at });
  await insertRow(db, 'template', {
    ...{ id: newId(), name: 't', display_text: 't', ...owner, zone_id: zone.id, url: 'http://127.0.0.1/' },
    ...{ format: 'qcow2', hypervisor: 'Simulator', is_public: 1, state: 'Ready', created_at },
  });
  // What it owns is left out of all lists here.
  const projectAccount = newId();
  await insertRow(db, 'account', {
    ...{ id: projectAccount, domain_id: root!.domain, name: 'p', role: 'project', role_id: newId(), state: 'enabled' },
    created_at,
  });
  await insertRow(db, 'project', {
    ...{ id: newId(), domain_id: root!.domain, account_id: projectAccount, name: 'p', display_text: 'p' },
    ...{ state: 'Active', created_at },
  });
}

async function callerOf(role: Caller['role'], { accountId, domainId, userId }: Tenant): Promise<Caller> {
  const [domain] = await db.query<{ path: string }>('SELECT path FROM domain WHERE id = ?', [domainId]);
  const names = { accountName: role, username: role, sourceAddress: '127.0.0.1' };
  return { role, accountId, domainId, userId, domainPath: domain!.path, ...names };
}

function asked(list: string, role: string, pageSize?: string) {
  const page = pageSize === undefined ? {} : { page: 1, pageSize: Number(pageSize) };
  return { view: VIEWS[list]!, viewer: callers.get(role)!, params: { listAll: true, ...page, templateFilter: 'all' } };
}

describe.each(Object.keys(VIEWS))('%s', (list) => {
  it.each(ROLES)('takes as many statements for a full page as for a small one, as %s', async (role) => {
    const [few, many] = [
      await statementsOf(db, asked(list, role, SMALL_PAGE)),
      await statementsOf(db, asked(list, role, FULL_PAGE)),
    ];
    // A page that holds everything knows the total.
    expect(few.length - many.length).toBeLessThanOrEqual(1);
    expect(many.length).toBeLessThanOrEqual(few.length);
    expect(few.length).toBeLessThanOrEqual(7);
  });

  it.each(ROLES)('reads no large table whole, as %s', async (role) => {
    const plans = await plansOf(db, asked(list, role, FULL_PAGE));
    const scans = plans.flatMap(({ sql, steps }) =>
      steps.filter((step) => LARGE.has(step.table) && isFullScan(step, FEW)).map((step) => ({ ...step, sql })),
    );
    expect(scans).toEqual([]);
  });

  it.each(ROLES)('gives everything without looking at a large table again for each row, as %s', async (role) => {
    const plans = await plansOf(db, asked(list, role));
    const scans = plans.flatMap(({ sql, steps }) =>
      steps.filter((step) => LARGE.has(step.table) && isScannedAgain(step, FEW)).map((step) => ({ ...step, sql })),
    );
    expect(scans).toEqual([]);
  });
});

it.each(Object.keys(VIEWS))(
  'gives everything of %s to root without copying rows into a table to sort them',
  async (list) => {
    const plans = await plansOf(db, asked(list, 'admin'));
    const copies = plans.flatMap(({ sql, steps }) =>
      steps
        .filter(({ table, extra }) => LARGE.has(table) && extra.includes('Using temporary'))
        .map((step) => ({ ...step, sql })),
    );
    expect(copies).toEqual([]);
  },
);

describe('what is summed up beside lists', () => {
  const idsOf = async (table: 'host' | 'cluster', most: number) =>
    (await db.query<{ id: string }>(`SELECT id FROM ${table} ORDER BY id LIMIT ${most}`)).map(({ id }) => id);
  const scansOf = async (read: (tx: Tx) => Promise<unknown>) => {
    const plans = await plansOfRead(db, read);
    const steps = plans.flatMap(({ steps: all }) => all);
    return { statements: plans.length, scans: steps.filter((step) => LARGE.has(step.table) && isFullScan(step, FEW)) };
  };

  it.each([
    ['machines of a page of hosts', async (tx: Tx) => countMachines(tx, await idsOf('host', 100))],
    ['hosts of a cluster', async (tx: Tx) => readHostSums(tx, 'cluster', await idsOf('cluster', 1))],
    ['tags of hosts', (tx: Tx) => readTagsInUse(tx, 'host')],
  ] as const)('%s: one statement, without reading a large table whole', async (_what, read) => {
    expect(await scansOf(read)).toEqual({ statements: 1, scans: [] });
  });

  it('capacity takes five statements for all zones, and reads but hosts whole: all of them count', async () => {
    const { statements, scans } = await scansOf((tx) => readCapacities(tx, {}, OVERCOMMIT));
    expect(statements).toBe(5);
    expect(scans.filter(({ table }) => table !== 'host')).toEqual([]);
  });
});
