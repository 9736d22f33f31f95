/** A host dies, again and again: on a lab, where its power is cut, or a simulated one. */
import type { ApiClient } from '@durastack/cli/api/api-client';
import { autocommit } from '@durastack/store/database/transaction';
import { enableSimulatedHa } from '../../ha/ha-cloud.js';
import { disableHa, enableHa } from '../../lab/ha-hosts.js';
import { deployParams, eventually, itemsOf, objectOf } from '../../support/basis.js';
import { startBenchCloud } from '../bench-cloud.js';
import { takeLab } from '../lab-bed.js';
import { quantile, type CaseReport, type Figure } from '../report.js';
import type { Scenario } from '../scenario.js';

/** Of the lab, with default settings. */
const DEFAULT_GOALS_S = { proof: 30, elsewhere: 60 };
/** With heartbeats as often as docs/resilience.md names for the impatient. */
const IMPATIENT_GOALS_S = { proof: Infinity, elsewhere: 25 };
const IMPATIENT_MS = 1_500;
const DEFAULT_HEARTBEAT_MS = 5_000;
const HOSTS = 3;
const LIMIT_MS = 10 * 60_000;
const OFFERING = { displaytext: 'ha', cpunumber: '1', cpuspeed: '500', memory: '128', offerha: 'true' };

/** See the module's head. */
export const scenario: Scenario = {
  name: 'ha',
  summary: 'a host dies: until its machine is proven dead, and until that answers on another host',
  async run({ count, heartbeatMs, tiny, simulator, onCase }) {
    const everyMs = heartbeatMs ?? (tiny ? IMPATIENT_MS : DEFAULT_HEARTBEAT_MS);
    const deaths = tiny ? 1 : (count ?? 10);
    onCase(await (simulator ? onSimulator : onLab)(deaths, everyMs));
  },
};

/** Where the machine is, and what becomes of its hosts. */
interface Bed {
  readonly api: ApiClient;
  readonly vmId: string;
  /** Until the death of a host could be proven. */
  untilReady(hostId: string): Promise<void>;
  cutPower(hostId: string): Promise<void>;
  /** @returns when the host is up */
  restorePower(hostId: string): Promise<void>;
  /** Something that changes when the machine boots, once it answers; undefined until then. */
  answer(): Promise<string | undefined>;
}

/** From the cut of the power, in milliseconds. */
interface Death {
  readonly provenMs: number;
  readonly elsewhereMs: number;
  readonly usedAgainMs: number;
}

async function onSimulator(count: number, heartbeatMs: number): Promise<CaseReport> {
  const settings = { DURASTACK_HEARTBEAT_INTERVAL_MS: String(heartbeatMs) };
  const cloud = await startBenchCloud({ hosts: HOSTS, settings });
  try {
    const { admin: api, basis } = cloud;
    await enableSimulatedHa(api, basis.hostIds);
    const serviceofferingid = objectOf(await api.call('createServiceOffering', { ...OFFERING, name: 'ha' })).id;
    const vmId = objectOf(await api.callAndWait('deployVirtualMachine', deployParams(basis, { serviceofferingid }))).id;
    const setPower = async (id: string, on: boolean): Promise<void> => {
      await cloud.simulate('POST', `/hosts/${id}/power`, { on });
    };
    const answer = async (): Promise<string | undefined> => {
      const { state, hostid } = await machineOf(api, vmId);
      return state === 'Running' ? String(hostid) : undefined;
    };
    const db = autocommit(cloud.database.source);
    const bed = {
      ...{ api, vmId, answer },
      // A simulated host has no controller: its image locks prove its death, once two hosts have tried them.
      untilReady: async (id: string) => {
        await until('image locks being proven', async () => {
          const found = await db.query("SELECT 1 FROM host_pool WHERE host_id = ? AND locks = 'proven'", [id]);
          return found.length > 0;
        });
      },
      cutPower: (id: string) => setPower(id, false),
      restorePower: (id: string) => setPower(id, true),
    };
    return await measure(bed, { title: `${count} deaths of a simulated host`, count, heartbeatMs });
  } finally {
    await cloud.stop();
  }
}

async function onLab(count: number, heartbeatMs: number): Promise<CaseReport> {
  const { fixture, api, end } = await takeLab({
    hosts: HOSTS,
    ...(heartbeatMs === DEFAULT_HEARTBEAT_MS ? {} : { settings: { heartbeatIntervalMs: heartbeatMs } }),
  });
  try {
    await enableHa(fixture);
    const serviceofferingid = await fixture.offering('bench-ha', OFFERING);
    const vm = await fixture.deployCounterVm({ name: `bench-${Date.now()}`, params: { serviceofferingid } });
    const nameOf = (id: string): string => fixture.hosts.find((name) => fixture.hostId(name) === id)!;
    try {
      const bed = {
        ...{ api, vmId: vm.id },
        answer: async () => (await fixture.counter(vm).catch(() => undefined))?.nonce,
        // By its controller, which it has from the beginning.
        untilReady: () => Promise.resolve(),
        cutPower: (id: string) => fixture.kill(nameOf(id), '--power'),
        restorePower: (id: string) => fixture.heal(nameOf(id)),
      };
      const title = `${count} power cuts of a lab host with a guest that writes all the time`;
      return await measure(bed, { title, count, heartbeatMs });
    } finally {
      await api.callAndWait('destroyVirtualMachine', { id: vm.id, expunge: 'true' });
      await disableHa(fixture);
    }
  } finally {
    await end();
  }
}

async function measure(
  bed: Bed,
  { title, count, heartbeatMs }: { readonly title: string; readonly count: number; readonly heartbeatMs: number },
): Promise<CaseReport> {
  const deaths: Death[] = [];
  while (deaths.length < count) deaths.push(await dieOnce(bed));
  const goals = heartbeatMs <= IMPATIENT_MS ? IMPATIENT_GOALS_S : DEFAULT_GOALS_S;
  return {
    scenario: 'ha',
    title,
    figures: [
      ...seconds('proven dead', deaths, (death) => death.provenMs, goals.proof),
      ...seconds('answering elsewhere', deaths, (death) => death.elsewhereMs, goals.elsewhere),
      ...seconds('host used again, from its power being back', deaths, (death) => death.usedAgainMs),
    ],
    counts: { deaths: count, elsewhere: deaths.length },
    notes: [`heartbeats every ${heartbeatMs / 1_000} s; counted from the cut of the power`],
  };
}

function seconds(name: string, deaths: readonly Death[], of: (death: Death) => number, atMost = Infinity): Figure[] {
  const shares = [
    ['p50', 0.5],
    ['p90', 0.9],
    ['max', 1],
  ] as const;
  return shares.map(([which, share]) => ({
    name: `${name} ${which}`,
    value: quantile(deaths.map(of), share) / 1_000,
    unit: 's',
    ...(which === 'p90' && atMost < Infinity ? { goal: { atMost } } : {}),
  }));
}

/** The machine's host loses its power, and gets it back once the machine answers on another one. */
async function dieOnce(bed: Bed): Promise<Death> {
  const { api, vmId } = bed;
  const before = await until('an answer of the machine', () => bed.answer());
  const hostId = String((await machineOf(api, vmId))['hostid']);
  await bed.untilReady(hostId);
  const began = performance.now();
  await bed.cutPower(hostId);
  const since = (): number => performance.now() - began;
  const [provenMs, elsewhereMs] = await Promise.all([
    until('the proof', async () => (await haStateOf(api, hostId)) === 'Fenced').then(since),
    until('an answer from elsewhere', async () => {
      const { hostid } = await machineOf(api, vmId);
      if (hostid === undefined || hostid === hostId) return false;
      const answer = await bed.answer();
      return answer !== undefined && answer !== before;
    }).then(since),
  ]);
  const restored = performance.now();
  await bed.restorePower(hostId);
  await until('the host being used again', async () => (await haStateOf(api, hostId)) === 'Available');
  return { provenMs, elsewhereMs, usedAgainMs: performance.now() - restored };
}

async function machineOf(api: ApiClient, id: string): Promise<Record<string, unknown>> {
  return itemsOf(await api.call('listVirtualMachines', { id, listall: 'true' }))[0]!;
}

async function haStateOf(api: ApiClient, hostid: string): Promise<unknown> {
  return itemsOf(await api.call('listHostHAResources', { hostid }))[0]?.['hastate'];
}

const until = <T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> =>
  eventually(what, ask, LIMIT_MS);
