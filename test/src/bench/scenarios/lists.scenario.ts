/** Pages of 500 virtual machines with everything that the reply shows, over HTTP, signed, one after the other. */
import { join } from 'node:path';
import { openSecretBox } from '@durastack/kit/secrets/secret-box';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { newUserKeys, storeUserKeys } from '@durastack/store/seed';
import { startBenchCloud, type BenchCloud } from '../bench-cloud.js';
import { signedCall, startGenerator, type Generator, type Keys } from '../load/run-load.js';
import { pidsOf, usageFigures, usageOf } from '../processes.js';
import { quantile, timeFigures, type CaseReport } from '../report.js';
import { makeMachines, makeOwner, type MachineGround, type Owner } from '../rows.js';
import type { Scenario } from '../scenario.js';

const P50_GOAL = { atMost: 15 };
const P99_GOAL = { atMost: 100 };
const GROWTH_GOAL = { atMost: 2 };
const PAGE = 500;
const WARM_UP = 20;
const TENANTS = 4;

/** See the module's head. */
export const scenario: Scenario = {
  name: 'lists',
  summary: 'pages of 500 of 2,500 and of 25,000 machines over HTTP, as administrator and as tenant',
  async run({ rows = 25_000, count = 200, tiny, onCase }) {
    const [most, calls] = tiny ? [40, 4] : [rows, count];
    const cloud = await startBenchCloud({ hosts: 2 });
    const generator = startGenerator();
    try {
      const tenants = await Promise.all(Array.from({ length: TENANTS }, (_, index) => makeTenant(cloud, index)));
      const ground = await makeGround(cloud);
      const owners = tenants.map(({ owner }) => owner);
      const asked = [
        { who: 'the administrator', keys: cloud.keys, share: 1 },
        { who: 'a tenant', keys: tenants[0]!.keys, share: 1 / TENANTS },
      ];
      const few = Math.ceil(most / 10);
      await makeMachines(cloud.database.source, few, { ground, owners });
      const before = new Map<string, number>();
      for (const { who, keys } of asked)
        before.set(who, quantile((await read(cloud, generator, { keys, count: calls })).timesMs, 0.5));
      await makeMachines(cloud.database.source, most - few, { ground, owners, offset: few });
      for (const { who, keys, share } of asked) {
        const pages = Math.max(1, Math.floor((most * share) / PAGE));
        onCase(await measure({ cloud, generator, who, keys, calls, rows: most, pages, p50Before: before.get(who)! }));
      }
    } finally {
      generator.stop();
      await cloud.stop();
    }
  },
};

interface Tenant {
  readonly owner: Owner;
  readonly keys: Keys;
}

async function makeTenant({ database, directory }: BenchCloud, index: number): Promise<Tenant> {
  const owner = await makeOwner(database.source, index);
  const keys = newUserKeys();
  const box = openSecretBox(join(directory, 'data.key'));
  await transaction(database.source, (tx) => storeUserKeys(tx, box, owner.userId, keys));
  return { owner, keys };
}

/** Everything machines refer to, several of each. */
async function makeGround({ basis, database }: BenchCloud): Promise<MachineGround> {
  const offerings = await autocommit(database.source).query<{ id: string }>('SELECT id FROM service_offering');
  return {
    zoneId: basis.zoneId,
    hostIds: basis.hostIds,
    poolId: basis.poolId,
    templateIds: [basis.templateId],
    networkIds: [basis.networkId],
    offeringIds: offerings.map(({ id }) => id),
  };
}

interface Reading {
  readonly keys: Keys;
  readonly count: number;
  /** The calls go round over so many pages; default the first alone. */
  readonly pages?: number;
}

function read({ apiUrl }: BenchCloud, generator: Generator, { keys, count, pages = 1 }: Reading) {
  const call = (index: number) => {
    const page = String((index % pages) + 1);
    return signedCall('listVirtualMachines', { listall: 'true', pagesize: String(PAGE), page }, keys);
  };
  const calls = Array.from({ length: count }, (_, index) => call(index));
  return generator.run({ url: `${apiUrl}/client/api`, method: 'GET', calls, pace: { clients: 1 } });
}

interface Asked {
  readonly cloud: BenchCloud;
  readonly generator: Generator;
  readonly who: string;
  readonly keys: Keys;
  readonly calls: number;
  readonly rows: number;
  readonly pages: number;
  readonly p50Before: number;
}

async function measure({ cloud, generator, who, keys, calls, rows, pages, p50Before }: Asked): Promise<CaseReport> {
  await read(cloud, generator, { keys, count: Math.min(WARM_UP, calls) });
  const pids = pidsOf(cloud);
  const before = usageOf(pids);
  const { timesMs, cpuMs } = await read(cloud, generator, { keys, count: calls });
  const after = usageOf(pids);
  const everyPage = await read(cloud, generator, { keys, count: calls, pages });
  return {
    scenario: 'lists',
    title: `${PAGE} of ${rows} virtual machines as ${who}`,
    figures: [
      ...timeFigures('first page', timesMs, { p50: P50_GOAL, p99: P99_GOAL }),
      ...timeFigures(`all ${pages} pages`, everyPage.timesMs, { p99: P99_GOAL }),
      {
        name: 'p50 to that of a tenth of the rows',
        value: quantile(timesMs, 0.5) / p50Before,
        unit: '',
        goal: GROWTH_GOAL,
      },
      ...usageFigures({ before, after }, { count: calls, of: 'page' }),
      { name: 'cpu generator (apart)', value: cpuMs / calls, unit: 'CPU ms/page' },
    ],
    counts: { calls, ...(await shown(cloud, keys)) },
    notes: [],
  };
}

/** What a page holds: the total, the items, and how many of them have address, template and size. */
async function shown({ apiUrl }: BenchCloud, keys: Keys): Promise<Record<'total' | 'items' | 'whole', number>> {
  const query = signedCall('listVirtualMachines', { listall: 'true', pagesize: String(PAGE), page: '1' }, keys);
  const response = await fetch(`${apiUrl}/client/api?${query}`);
  const { listvirtualmachinesresponse: reply } = (await response.json()) as {
    listvirtualmachinesresponse: { count: number; virtualmachine: Record<string, unknown>[] };
  };
  const whole = reply.virtualmachine.filter((vm) => vm['ipaddress'] && vm['templatename'] && vm['serviceofferingname']);
  return { total: reply.count, items: reply.virtualmachine.length, whole: whole.length };
}
