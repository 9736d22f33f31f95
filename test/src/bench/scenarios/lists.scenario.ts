/**
 * Pages of the lists that an administrator's tools read, over HTTP, signed, one after the other: of an estate of
 * thousands of rows, as root, as administrator of a domain and as a user; and everything in one reply.
 */
import { join } from 'node:path';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import { openSecretBox } from '@durastack/kit/secrets/secret-box';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { YARDSTICK_ESTATE, type EstateSize } from '@durastack/store/estate/estate-size';
import { populate } from '@durastack/store/estate/populate';
import type { Tenant } from '@durastack/store/estate/tenants';
import { newUserKeys, storeUserKeys } from '@durastack/store/seed';
import { startBenchCloud, type BenchCloud } from '../bench-cloud.js';
import { signedCall, startGenerator, type Generator, type Keys } from '../load/run-load.js';
import { describePlans, MEASURED_LISTS, MISSING_LISTS, type ListCaller, type MeasuredList } from '../list-plans.js';
import { pidsOf, usageFigures, usageOf } from '../processes.js';
import { quantile, timeFigures, type CaseReport } from '../report.js';
import type { Scenario } from '../scenario.js';

const P50_GOAL = { atMost: 15 };
const P99_GOAL = { atMost: 100 };
const WHOLE_GOAL = { atMost: 1_000 };
const GROWTH_GOAL = { atMost: 2 };
const PAGE = 500;
const WARM_UP = 20;
const WHOLE_CALLS = 5;
const TENTH = 0.1;

/** See the module's head. */
export const scenario: Scenario = {
  name: 'lists',
  summary: 'pages of 500 of ten lists of an estate (25,000 machines), as root, domain administrator and user',
  async run({ rows = YARDSTICK_ESTATE.vms, count = 100, tiny, onCase }) {
    const calls = tiny ? 2 : count;
    const share = tiny ? 0.002 : rows / YARDSTICK_ESTATE.vms;
    const cloud = await startBenchCloud({ hosts: 2 });
    const generator = startGenerator();
    try {
      const asking = { cloud, generator, calls };
      const few = await makeEstate(cloud, 'few', share * TENTH);
      const before = new Map<string, number>();
      for (const { list, caller } of pairs(few))
        before.set(`${list.command} ${caller.who}`, quantile((await read(asking, { list, caller })).timesMs, 0.5));
      const callers = await makeEstate(cloud, 'many', share * (1 - TENTH));
      onCase(populated(callers));
      for (const pair of pairs(callers))
        onCase(await measure(asking, pair, before.get(`${pair.list.command} ${pair.caller.who}`)!));
    } finally {
      generator.stop();
      await cloud.stop();
    }
  },
};

interface Estate {
  readonly callers: readonly ListCaller[];
  readonly rows: number;
  readonly seconds: number;
}

/** Writes one, and gives keys to those who ask for its lists. */
async function makeEstate({ database, directory, keys }: BenchCloud, prefix: string, share: number): Promise<Estate> {
  let [rows, seconds] = [0, 0];
  const { domainAdmins, large } = await populate(database.source, {
    ...{ size: sized(share), instance: 'test', prefix },
    onPart: (part) => ([rows, seconds] = [rows + part.rows, seconds + part.seconds]),
  });
  const db = autocommit(database.source);
  const [root] = await db.query<Tenant>(
    'SELECT a.id AS accountId, a.domain_id AS domainId, u.id AS userId FROM account a JOIN user u ON u.account_id = a.id WHERE a.is_default',
  );
  const box = openSecretBox(join(directory, 'data.key'));
  const withKeys = async (who: string, role: ListCaller['role'], tenant: Tenant | undefined): Promise<ListCaller> => {
    invariant(tenant, `The estate has no ${who}.`);
    if (role === 'admin') return { who, role, tenant, keys };
    const own = newUserKeys();
    await transaction(database.source, (tx) => storeUserKeys(tx, box, tenant.userId, own));
    return { who, role, tenant, keys: own };
  };
  const callers = [
    await withKeys('root', 'admin', root),
    await withKeys('a domain administrator', 'domain-admin', domainAdmins[0]),
    await withKeys('a user', 'user', large[0]),
  ];
  return { callers, rows, seconds };
}

/** A part of the yardstick. */
function sized(share: number): EstateSize {
  const parts = Object.entries(YARDSTICK_ESTATE).map(([kind, most]) => [kind, Math.max(4, Math.round(most * share))]);
  return Object.fromEntries(parts) as unknown as EstateSize;
}

interface Pair {
  readonly list: MeasuredList;
  readonly caller: ListCaller;
}

function pairs({ callers }: Estate): Pair[] {
  return MEASURED_LISTS.flatMap((list) =>
    callers.filter(({ role }) => role === 'admin' || list.rootOnly !== true).map((caller) => ({ list, caller })),
  );
}

function populated({ rows, seconds }: Estate): CaseReport {
  return {
    scenario: 'lists',
    title: 'the estate',
    figures: [
      { name: 'rows written in bulk', value: rows, unit: '' },
      { name: 'rate', value: rows / Math.max(seconds, 0.001), unit: 'rows/s' },
    ],
    counts: {},
    notes: [`not there yet, so not measured: ${MISSING_LISTS.join(', ')}`],
  };
}

interface Asking {
  readonly cloud: BenchCloud;
  readonly generator: Generator;
  readonly calls: number;
}

const queryOf = ({ list, caller }: Pair, paging: Record<string, string>): string =>
  signedCall(list.command, { ...list.params, listall: 'true', ...paging }, caller.keys as Keys);

function read({ cloud, generator, calls }: Asking, pair: Pair, pages = 1) {
  const all = Array.from({ length: calls }, (_, index) =>
    queryOf(pair, { pagesize: String(PAGE), page: String((index % pages) + 1) }),
  );
  return generator.run({ url: `${cloud.apiUrl}/client/api`, method: 'GET', calls: all, pace: { clients: 1 } });
}

function readWhole({ cloud, generator, calls }: Asking, pair: Pair) {
  const all = Array.from({ length: Math.min(calls, WHOLE_CALLS) }, () => queryOf(pair, {}));
  return generator.run({ url: `${cloud.apiUrl}/client/api`, method: 'GET', calls: all, pace: { clients: 1 } });
}

async function measure(asking: Asking, pair: Pair, p50Before: number): Promise<CaseReport> {
  const { cloud, calls } = asking;
  const { list, caller } = pair;
  const counts = await shown(cloud, pair);
  if (counts.whole !== counts.total || counts.items !== Math.min(PAGE, counts.total))
    throw new DurastackError('BUG', `${list.command} as ${caller.who} does not show all: ${JSON.stringify(counts)}.`);
  const pages = Math.max(1, Math.ceil(counts.total / PAGE));
  await read({ ...asking, calls: Math.min(WARM_UP, calls) }, pair);
  const pids = pidsOf(cloud);
  const before = usageOf(pids);
  const { timesMs, cpuMs } = await read(asking, pair);
  const after = usageOf(pids);
  const everyPage = await read(asking, pair, pages);
  const whole = await readWhole(asking, pair);
  const isMachines = list.command === 'listVirtualMachines';
  const { notes, statements } = await describePlans(autocommit(cloud.database.source), list, caller);
  return {
    scenario: 'lists',
    title: `${list.command}: ${Math.min(PAGE, counts.total)} of ${counts.total} as ${caller.who}`,
    figures: [
      ...timeFigures('first page', timesMs, { p99: P99_GOAL, ...(isMachines ? { p50: P50_GOAL } : {}) }),
      ...timeFigures(`all ${pages} pages`, everyPage.timesMs, { p99: P99_GOAL }),
      ...timeFigures('everything in one reply', whole.timesMs, isMachines ? { p50: WHOLE_GOAL } : {}),
      {
        name: 'p50 to that of a tenth of the rows',
        value: quantile(timesMs, 0.5) / p50Before,
        unit: '',
        goal: GROWTH_GOAL,
      },
      { name: 'statements of a page', value: statements, unit: '' },
      ...usageFigures({ before, after }, { count: calls, of: 'page' }),
      { name: 'cpu generator (apart)', value: cpuMs / calls, unit: 'CPU ms/page' },
    ],
    counts: { calls, ...counts },
    notes,
  };
}

/** What a page holds and what a whole reply does, and whether machines are shown with all that belongs to them. */
async function shown({ apiUrl }: BenchCloud, pair: Pair): Promise<Record<'total' | 'items' | 'whole', number>> {
  const ask = async (paging: Record<string, string>) => {
    const response = await fetch(`${apiUrl}/client/api?${queryOf(pair, paging)}`);
    const [reply] = Object.values((await response.json()) as Record<string, Record<string, unknown>>);
    const items = Object.values(reply ?? {}).find(Array.isArray) as Record<string, unknown>[] | undefined;
    return { count: Number(reply?.['count'] ?? 0), items: items ?? [] };
  };
  const page = await ask({ pagesize: String(PAGE), page: '1' });
  const all = await ask({});
  const isComplete = (item: Record<string, unknown>) => item['ipaddress'] && item['templatename'];
  const whole = pair.list.command === 'listVirtualMachines' ? all.items.filter(isComplete).length : all.items.length;
  return { total: page.count, items: page.items.length, whole };
}
