/** The activity that chooses a host, on rows of a whole data centre: 25,000 hosts, 16 at once. */
import { writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createActivities } from '@durastack/activities/compute/placement.activities';
import type { ActivityDependencies } from '@durastack/activities/dependencies';
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { invariant } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import { newId } from '@durastack/kit/ids/new-id';
import { autocommit } from '@durastack/store/database/transaction';
import { connectDatabase } from '@durastack/store/database/data-source';
import { ensureAdminKeys, seed } from '@durastack/store/seed';
import type { DataSource } from 'typeorm';
import { makeScratch } from '../../support/interruption.js';
import { startPrivateMariadb } from '../../support/private-mariadb.js';
import { usageOf, usageFigures } from '../processes.js';
import { timeFigures, type CaseReport } from '../report.js';
import { insertMany, type Owner } from '../rows.js';
import type { Scenario } from '../scenario.js';

const GOAL_PER_SECOND = 500;
const HOSTS_PER_CLUSTER = 50;
const WARM_UP = 100;
/** As the worker has. */
const CONNECTIONS = 24;
const SIZE = { cpuMhz: 1_000, memoryMib: 1_024, diskBytes: 8 * 1024 ** 3 };
const HOST = { cpu_count: 16, cpu_mhz: 2_400, memory_mib: 65_536 };

/** See the module's head. */
export const scenario: Scenario = {
  name: 'placement',
  summary: 'placements per second with 25,000 hosts and 16 planners, through the real activity on a durable database',
  async run({ count = 3_000, hosts = 25_000, clients = 16, tiny, onCase }) {
    onCase(await measure(tiny ? { count: 20, hosts: 120, planners: 4 } : { count, hosts, planners: clients }));
  },
};

interface Plan {
  readonly count: number;
  readonly hosts: number;
  readonly planners: number;
}

async function measure({ count, hosts, planners }: Plan): Promise<CaseReport> {
  const { directory, remove } = makeScratch('durastack-placement-');
  const mariadb = await startPrivateMariadb(join(directory, 'mariadb'));
  const source = await connectDatabase({ url: mariadb.database.url, poolSize: CONNECTIONS });
  try {
    const keyFile = join(directory, 'data.key');
    writeFileSync(keyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
    await seed(source);
    await ensureAdminKeys(mariadb.database.url, keyFile);
    const zoneId = await makeHosts(source, hosts);
    const steps = await makeDeploys(source, zoneId, WARM_UP + count);
    await source.query('ANALYZE TABLE host, storage_pool, virtual_machine, volume');
    const place = createActivities({
      source,
      agents: { silentHosts: () => new Set<string>() },
    } as unknown as ActivityDependencies).reservePlacement;
    await atOnce(planners, steps.slice(0, WARM_UP), place);
    const pids = { planner: process.pid, mariadb: mariadb.server.pid! };
    const before = usageOf(pids);
    const began = performance.now();
    const timesMs = await atOnce(planners, steps.slice(WARM_UP), place);
    const seconds = (performance.now() - began) / 1_000;
    const after = usageOf(pids);
    const facts = await check(source);
    return {
      scenario: 'placement',
      title: `${count} placements, ${planners} at once, ${hosts} hosts`,
      figures: [
        { name: 'rate', value: count / seconds, unit: 'placements/s', goal: { atLeast: GOAL_PER_SECOND } },
        ...timeFigures('placement', timesMs),
        ...usageFigures({ before, after }, { count, of: 'placement' }),
        { name: 'hosts used', value: facts.hostsUsed, unit: '' },
        { name: 'most on one host', value: facts.mostOnOne, unit: 'machines' },
        { name: 'hosts oversubscribed', value: facts.oversubscribed, unit: '', goal: { atMost: 0 } },
      ],
      counts: { placements: count, placed: facts.placed - WARM_UP, oversubscribed: facts.oversubscribed },
      notes: ['the planners run in the process of the bench itself, as they run in the process of a worker'],
    };
  } finally {
    await source.destroy();
    await mariadb.database.drop();
    remove();
  }
}

async function atOnce(
  planners: number,
  steps: readonly StepRef[],
  place: (step: StepRef) => Promise<unknown>,
): Promise<number[]> {
  const timesMs: number[] = [];
  let next = 0;
  const planner = async () => {
    while (next < steps.length) {
      const step = steps[next++]!;
      const began = performance.now();
      await place(step);
      timesMs.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: planners }, planner));
  return timesMs;
}

async function makeHosts(source: DataSource, count: number): Promise<string> {
  const created_at = new Date();
  const zoneId = newId();
  const podId = newId();
  const clusters = Array.from({ length: Math.ceil(count / HOSTS_PER_CLUSTER) }, () => newId());
  await insertMany(
    source,
    'storage_pool',
    clusters.map((cluster_id, index) => ({
      ...{ id: newId(), name: `pool-${index}`, zone_id: zoneId, pod_id: podId, cluster_id, kind: 'shared-mount-point' },
      ...{ scope: 'CLUSTER', path: '/srv/pool', state: 'Up', allocation_state: 'Enabled', capacity_bytes: 2e14 },
      created_at,
    })),
  );
  await insertMany(
    source,
    'host',
    Array.from({ length: count }, (_, index) => ({
      ...{ id: newId(), name: `host-${index}`, zone_id: zoneId, pod_id: podId, hypervisor: 'Simulator', state: 'Up' },
      ...{ cluster_id: clusters[index % clusters.length], allocation_state: 'Enabled', ...HOST, created_at },
      ...{ memory_mib_reserved: 0, cpu_mhz_reserved: 0, last_heartbeat_at: created_at },
    })),
  );
  return zoneId;
}

/** Deploys that have begun, and the step of each that places it. */
async function makeDeploys(source: DataSource, zoneId: string, count: number): Promise<StepRef[]> {
  const created_at = new Date();
  const [owner] = await autocommit(source).query<Owner>(
    'SELECT a.id AS accountId, a.domain_id AS domainId, u.id AS userId FROM user u JOIN account a ON a.id = u.account_id',
  );
  const [offering] = await autocommit(source).query<{ id: string }>('SELECT id FROM service_offering LIMIT 1');
  invariant(owner && offering, 'The seed has no account or no offering.');
  const owned = { account_id: owner.accountId, domain_id: owner.domainId, zone_id: zoneId, created_at };
  const templateId = newId();
  await insertMany(source, 'template', [
    {
      ...{ ...owned, id: templateId, name: 'tiny', display_text: 'tiny', url: 'http://127.0.0.1/', format: 'QCOW2' },
      ...{ hypervisor: 'Simulator', is_public: 1, is_featured: 0, is_extractable: 0, state: 'Ready' },
    },
  ]);
  const deploys = Array.from({ length: count }, () => ({ vmId: newId(), operationId: newId() }));
  await insertMany(
    source,
    'virtual_machine',
    deploys.map(({ vmId }, index) => ({
      ...{ ...owned, id: vmId, name: `vm-${index}`, display_name: `vm-${index}`, instance_name: `i-${index}` },
      ...{ template_id: templateId, service_offering_id: offering.id, cpu_count: 1, cpu_mhz: SIZE.cpuMhz },
      ...{
        memory_mib: SIZE.memoryMib,
        state: 'Starting',
        desired_power: 'on',
        observed_power: 'absent',
        display_vm: 1,
      },
    })),
  );
  await insertMany(
    source,
    'volume',
    deploys.map(({ vmId }) => ({
      ...{ ...owned, id: newId(), name: 'ROOT', vm_id: vmId, template_id: templateId, kind: 'ROOT', device_id: 0 },
      ...{ size_bytes: SIZE.diskBytes, state: 'Allocated' },
    })),
  );
  await insertMany(
    source,
    'operation',
    deploys.map(({ vmId, operationId }) => ({
      ...{ id: operationId, kind: 'deployVirtualMachine', state: 'running', run: 1, direction: 'forward', summary: '' },
      ...{ resource_type: 'virtual-machine', resource_id: vmId, account_id: owner.accountId, zone_id: zoneId },
      ...{ domain_id: owner.domainId, lifecycle_json: '{}', input_json: '{"startVm":true}', touched_at: created_at },
      ...{ supersedes: 0, cancel_signalled: 0, created_at },
    })),
  );
  return deploys.map(({ operationId }) => ({
    ...{ operationId, run: 1, generation: 1, controlEpoch: 1, direction: 'forward', index: 0, count: 3, tokenStep: 1 },
    title: 'Choose a host and reserve capacity',
  }));
}

async function check(source: DataSource) {
  const [facts] = await autocommit(source).query<
    Record<'placed' | 'hostsUsed' | 'mostOnOne' | 'oversubscribed', number>
  >(
    `SELECT COALESCE(SUM(n), 0) AS placed, COUNT(*) AS hostsUsed, COALESCE(MAX(n), 0) AS mostOnOne,
       COALESCE(SUM(memory > memory_mib - ? OR cpu > cpu_count * cpu_mhz * ? OR memory <> memory_mib_reserved OR cpu <> cpu_mhz_reserved), 0) AS oversubscribed
     FROM (SELECT h.id, h.memory_mib, h.cpu_count, h.cpu_mhz, h.memory_mib_reserved, h.cpu_mhz_reserved, COUNT(*) AS n,
             SUM(r.memory_mib) AS memory, SUM(r.cpu_mhz) AS cpu
           FROM reservation r JOIN host h ON h.id = r.resource_id WHERE r.resource_type = 'host' GROUP BY h.id) used`,
    [OVERCOMMIT.host.hostMemoryMib, OVERCOMMIT.host.cpuOvercommit],
  );
  const number = (name: 'placed' | 'hostsUsed' | 'mostOnOne' | 'oversubscribed') => Number(facts?.[name]);
  return {
    placed: number('placed'),
    hostsUsed: number('hostsUsed'),
    mostOnOne: number('mostOnOne'),
    oversubscribed: number('oversubscribed'),
  };
}
