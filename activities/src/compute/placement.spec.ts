/** Placements that compete for the same hosts, on a real database. */
import type { StepOutcome, StepRef } from '@durastack/contracts/operations/step';
import { isDurastackError } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow } from '@durastack/store/database/rows';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { seed } from '@durastack/store/seed';
import { createTestDatabase, type TestDatabase } from '@durastack/store/testing/test-database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActivityDependencies } from '../dependencies.js';
import { createActivities } from './placement.activities.js';

const HOSTS = 5;
const created_at = new Date();

let db: TestDatabase;
let tx: Tx;
let place: (step: StepRef) => Promise<StepOutcome>;
let owner: { accountId: string; domainId: string };
let offeringId: string;
beforeAll(async () => {
  db = await createTestDatabase();
  await seed(db.source);
  tx = autocommit(db.source);
  const agents = { silentHosts: () => new Set<string>() };
  place = createActivities({ source: db.source, agents } as unknown as ActivityDependencies).reservePlacement;
  [owner] = (await tx.query<typeof owner>('SELECT id AS accountId, domain_id AS domainId FROM account LIMIT 1')) as [
    typeof owner,
  ];
  const [offering] = await tx.query<{ id: string }>('SELECT id FROM service_offering LIMIT 1');
  offeringId = String(offering?.id);
}, 120_000);
afterAll(() => db?.drop());

interface Zone {
  readonly id: string;
  readonly hostIds: readonly string[];
}

/** A zone with five hosts of 4 GiB, a pool that they all reach, and a template. */
async function aZone(): Promise<Zone> {
  const zone_id = newId();
  const hostIds = Array.from({ length: HOSTS }, () => newId());
  const up = { zone_id, pod_id: zone_id, cluster_id: zone_id, state: 'Up', allocation_state: 'Enabled', created_at };
  for (const [index, id] of hostIds.entries())
    await insertRow(tx, 'host', {
      ...{ ...up, id, name: `h${index}`, hypervisor: 'Simulator', cpu_count: 16, cpu_mhz: 2_000, memory_mib: 5_120 },
    });
  await insertRow(tx, 'storage_pool', {
    ...{
      ...up,
      id: newId(),
      name: 'p',
      kind: 'shared-mount-point',
      path: '/p',
      capacity_bytes: 1e12,
      scope: 'CLUSTER',
    },
  });
  await insertRow(tx, 'template', {
    ...{ id: zone_id, zone_id, account_id: owner.accountId, domain_id: owner.domainId, name: 't', display_text: 't' },
    ...{ url: 'http://127.0.0.1/', format: 'QCOW2', hypervisor: 'Simulator', state: 'Ready', created_at },
  });
  return { id: zone_id, hostIds };
}

async function aGroup(type: string): Promise<string> {
  const id = newId();
  await insertRow(tx, 'affinity_group', {
    ...{ id, name: `g-${id}`, type, account_id: owner.accountId, domain_id: owner.domainId, created_at },
  });
  return id;
}

/** A deploy that has come to its placement. */
async function aDeploy(zone: Zone, groupIds: readonly string[] = [], memory_mib = 64): Promise<StepRef> {
  const [vmId, operationId] = [newId(), newId()];
  const own = { account_id: owner.accountId, domain_id: owner.domainId, zone_id: zone.id, created_at };
  await insertRow(tx, 'virtual_machine', {
    ...{ ...own, id: vmId, name: `vm-${vmId}`, display_name: 'vm', instance_name: vmId, template_id: zone.id },
    ...{ service_offering_id: offeringId, cpu_count: 1, cpu_mhz: 500, memory_mib, state: 'Starting', display_vm: 1 },
    ...{ desired_power: 'on', observed_power: 'absent' },
  });
  await insertRow(tx, 'volume', {
    ...{ ...own, id: newId(), name: 'ROOT', vm_id: vmId, template_id: zone.id, kind: 'ROOT', size_bytes: 1e6 },
    state: 'Allocated',
  });
  for (const group_id of groupIds) await insertRow(tx, 'affinity_group_member', { group_id, vm_id: vmId, created_at });
  await insertRow(tx, 'operation', {
    ...{ id: operationId, kind: 'deployVirtualMachine', state: 'running', run: 1, direction: 'forward', summary: '' },
    ...{ resource_type: 'virtual-machine', resource_id: vmId, account_id: owner.accountId, zone_id: zone.id },
    ...{ domain_id: owner.domainId, lifecycle_json: '{}', input_json: '{}', touched_at: created_at, created_at },
  });
  return {
    ...{ operationId, run: 1, generation: 1, controlEpoch: 1, direction: 'forward', index: 0, count: 3, tokenStep: 1 },
    title: 'Choose a host and reserve capacity',
  };
}

/** Places all at once; gives the error of each that found no host. */
async function placeAll(steps: readonly StepRef[]): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(steps.map((step) => place(step)));
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
}

/** Where the machines of a zone are. */
const placesIn = async ({ id }: Zone) =>
  (
    await tx.query<{ hostId: string }>(
      'SELECT host_id AS hostId FROM virtual_machine WHERE zone_id = ? AND host_id IS NOT NULL',
      [id],
    )
  ).map(({ hostId }) => hostId);

const deploys = (zone: Zone, count: number, groups: readonly string[], memoryMib?: number) =>
  Promise.all(Array.from({ length: count }, () => aDeploy(zone, groups, memoryMib)));

describe('hosts that HA has not heard of lately', () => {
  it('are taken when no other has room', async () => {
    const zone = await aZone();
    const [living, ...suspects] = zone.hostIds;
    for (const id of suspects)
      await insertRow(tx, 'host_ha', {
        ...{ id, provider: 'p', enabled: 1, state: 'Suspect', since: created_at, falls: 1, created_at },
      });
    expect(await placeAll(await deploys(zone, 3, []))).toEqual([]);
    expect(new Set(await placesIn(zone))).toEqual(new Set([living]));
    expect(await placeAll(await deploys(zone, 2, [], 3_900))).toEqual([]);
    expect(new Set(await placesIn(zone)).size).toBeGreaterThan(1);
  }, 60_000);
});

describe('hosts that are shut out of their storage', () => {
  it('takes none that was fenced and has not been started anew since, though it reports again', async () => {
    const zone = await aZone();
    const [spared, ...shutOut] = zone.hostIds;
    for (const host_id of shutOut)
      await insertRow(tx, 'host_shut_out', { host_id, pool_id: zone.id, address: '192.0.2.7', created_at });
    expect(await placeAll(await deploys(zone, 3, []))).toEqual([]);
    expect(new Set(await placesIn(zone))).toEqual(new Set([spared]));
    await insertRow(tx, 'host_shut_out', { host_id: spared, pool_id: zone.id, address: '192.0.2.8', created_at });
    const [error] = await placeAll(await deploys(zone, 1, []));
    expect(String(error)).toContain('Fenced');
  }, 60_000);
});

describe('strict affinity groups, with members that are recorded on a lost host', () => {
  /** A group of which one machine counts on a host that is lost since. */
  const bereaved = async (type: string) => {
    const [zone, group] = [await aZone(), await aGroup(type)];
    await placeAll([await aDeploy(zone, [group])]);
    const [lost] = await placesIn(zone);
    await tx.execute("UPDATE host SET state = 'Down' WHERE id = ?", [lost]);
    return { zone, group, lost };
  };

  it('lets the next one that must be apart go to any other host', async () => {
    const { zone, group, lost } = await bereaved('host anti-affinity');
    expect(await placeAll(await deploys(zone, HOSTS - 1, [group]))).toEqual([]);
    const places = await placesIn(zone);
    expect(places.filter((hostId) => hostId === lost)).toHaveLength(1);
    expect(new Set(places).size).toBe(HOSTS);
  }, 60_000);

  it('lets the next one that must be together begin elsewhere, and the others follow it', async () => {
    const { zone, group, lost } = await bereaved('host affinity');
    expect(await placeAll([await aDeploy(zone, [group])])).toEqual([]);
    expect(await placeAll(await deploys(zone, 2, [group]))).toEqual([]);
    const elsewhere = (await placesIn(zone)).filter((hostId) => hostId !== lost);
    expect([elsewhere.length, new Set(elsewhere).size]).toEqual([3, 1]);
  }, 60_000);
});

describe('strict affinity groups', () => {
  it('places exactly five of fifty that must be apart on five hosts, never two on one', async () => {
    const zone = await aZone();
    const steps = await deploys(zone, 50, [await aGroup('host anti-affinity')]);
    const errors = await placeAll(steps);
    expect((await placesIn(zone)).sort()).toEqual([...zone.hostIds].sort());
    expect(errors).toHaveLength(45);
    for (const error of errors) {
      expect(isDurastackError(error, 'NO_CAPACITY')).toBe(true);
      expect((error as Error).message).toContain('5 hosts: 5 with a member of the anti-affinity group');
    }
  }, 60_000);

  it('keeps all that must be together on one host, until that is full', async () => {
    const zone = await aZone();
    const errors = await placeAll(await deploys(zone, 6, [await aGroup('host affinity')], 1_024));
    const places = await placesIn(zone);
    expect([places.length, new Set(places).size]).toEqual([4, 1]);
    expect(String(errors[0])).toContain('5 hosts: 4 apart from the affinity group');
    expect(String(errors[0])).toContain('1 lacks memory (need 1024 MiB, best has 0)');
  }, 60_000);

  it('places machines of the same two groups at once without waiting in a circle', async () => {
    const zone = await aZone();
    const [one, two] = [await aGroup('host anti-affinity'), await aGroup('host anti-affinity')];
    const steps = [...(await deploys(zone, 8, [one, two])), ...(await deploys(zone, 8, [two, one]))];
    await placeAll(steps);
    expect(new Set(await placesIn(zone)).size).toBe(HOSTS);
    expect(await placesIn(zone)).toHaveLength(HOSTS);
  }, 60_000);

  it('counts a member on both hosts while it moves', async () => {
    const zone = await aZone();
    const group = await aGroup('host anti-affinity');
    const mover = await aDeploy(zone, [group]);
    await place(mover);
    const [from] = await placesIn(zone);
    const to = zone.hostIds.find((id) => id !== from);
    await tx.execute(
      `INSERT INTO reservation (owner_id, resource_type, resource_id, purpose, cpu_mhz, memory_mib, created_at)
       SELECT resource_id, 'host', ?, 'migrate', 500, 64, NOW(3) FROM operation WHERE id = ?`,
      [to, mover.operationId],
    );
    await placeAll(await deploys(zone, 10, [group]));
    expect((await placesIn(zone)).sort()).toEqual(zone.hostIds.filter((id) => id !== to).sort());
  }, 60_000);
});

describe('groups that only prefer', () => {
  it('spread machines evenly, and take more than one a host when there are more', async () => {
    const zone = await aZone();
    const group = await aGroup('non-strict host anti-affinity');
    for (const step of await deploys(zone, 2 * HOSTS, [group])) await place(step);
    const places = await placesIn(zone);
    for (const id of zone.hostIds) expect(places.filter((hostId) => hostId === id)).toHaveLength(2);
  }, 60_000);

  it('keep machines together while there is room, and go elsewhere then', async () => {
    const zone = await aZone();
    const group = await aGroup('non-strict host affinity');
    for (const step of await deploys(zone, 5, [group], 1_024)) await place(step);
    const places = await placesIn(zone);
    const counts = [...new Set(places)].map((hostId) => places.filter((id) => id === hostId).length);
    expect(counts.sort((a, b) => a - b)).toEqual([1, 4]);
  }, 60_000);
});

describe('dedication', () => {
  const dedicate = (inner: Tx, zone: Zone, hostId: string, domain_id: string) =>
    insertRow(inner, 'dedication', {
      ...{ id: newId(), resource_type: 'host', resource_id: hostId, zone_id: zone.id, domain_id, created_at },
    });
  const aDomain = async () => {
    const id = newId();
    await insertRow(tx, 'domain', { id, name: id, path: `/${id}/`, display_path: `ROOT/${id}`, created_at });
    return id;
  };

  it('keeps others away, and says how many hosts are not theirs', async () => {
    const zone = await aZone();
    for (const hostId of zone.hostIds) await dedicate(tx, zone, hostId, await aDomain());
    await expect(place(await aDeploy(zone))).rejects.toThrow('5 hosts: 5 dedicated to others.');
  });

  it('is seen by a placement that had looked before it was there', async () => {
    const zone = await aZone();
    const [first, ...others] = zone.hostIds as [string, ...string[]];
    await tx.execute("UPDATE host SET state = 'Disconnected' WHERE id IN (?)", [others]);
    const domainId = await aDomain();
    const step = await aDeploy(zone);
    let refusal: Promise<unknown> | undefined;
    await transaction(db.source, async (inner) => {
      await inner.query('SELECT id FROM host WHERE id = ? FOR UPDATE', [first]);
      refusal = place(step).catch((error: unknown) => error);
      // It has planned by now, and waits for the host.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await dedicate(inner, zone, first, domainId);
    });
    expect(isDurastackError(await refusal, 'BACKEND_BUSY')).toBe(true);
    expect(await placesIn(zone)).toEqual([]);
    await expect(place(step)).rejects.toThrow('1 dedicated to others');
  });
});

describe('a placement that finds no host', () => {
  it('says why in one sentence, and keeps the full explanation with the operation', async () => {
    const zone = await aZone();
    const [a, b] = zone.hostIds as [string, string];
    await tx.execute("UPDATE host SET allocation_state = 'Maintenance' WHERE id = ?", [a]);
    await tx.execute("UPDATE host SET state = 'Disconnected' WHERE id = ?", [b]);
    const step = await aDeploy(zone, [], 8_192);
    await expect(place(step)).rejects.toThrow(
      '5 hosts: 3 lack memory (need 8192 MiB, best has 4096), 1 not up (Disconnected), 1 in maintenance.',
    );
    const [row] = await tx.query<{ json: string }>('SELECT explanation_json AS json FROM operation WHERE id = ?', [
      step.operationId,
    ]);
    expect(JSON.parse(String(row?.json))).toMatchObject({
      hostCount: 5,
      counts: { memory: 3, state: 1, maintenance: 1 },
      hosts: [{ reasons: [{ kind: 'memory', need: 8_192, free: 4_096 }] }, {}, {}, {}, {}],
    });
    expect(
      await tx.query('SELECT 1 FROM reservation r JOIN host h ON h.id = r.resource_id AND h.zone_id = ?', [zone.id]),
    ).toEqual([]);
  });

  it('says that there is no host where there is none', async () => {
    await expect(place(await aDeploy(await anEmptyZone()))).rejects.toThrow('there is no host that is up');
  });
});

async function anEmptyZone(): Promise<Zone> {
  const zone = await aZone();
  await tx.execute('DELETE FROM host WHERE zone_id = ?', [zone.id]);
  return { ...zone, hostIds: [] };
}
