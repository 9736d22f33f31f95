/**
 * What a deploy costs the control plane: `node test/dist/bench/deploys.js [count] [at once]`.
 *
 * Hosts are simulated without latency, so what is measured is API, database, Temporal, worker and agent alone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { autocommit } from '@durastack/store/database/transaction';
import setupMariadb from '../support/global-setup.js';
import { deployParams, makeBasis, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';
import { quantile, usedBy, type Used } from './processes.js';

const count = Number(process.argv[2] ?? 200);
const atOnce = Number(process.argv[3] ?? 16);

const dropMariadb = await setupMariadb();
const cloud = await startCloud();
try {
  // Simulated hosts are of one size: enough of them for every machine.
  const basis = await makeBasis(cloud, { hosts: 4 });
  await deployAll(cloud, basis, 20);
  report(await measure(cloud, basis));
} finally {
  await cloud.stop();
  await dropMariadb();
}

interface Figures {
  readonly seconds: number;
  readonly acceptMs: readonly number[];
  readonly totalMs: readonly number[];
  readonly before: Readonly<Record<string, Used>>;
  readonly after: Readonly<Record<string, Used>>;
}

function usage({ api, worker, agent, temporal }: Cloud): Record<string, Used> {
  return Object.fromEntries(
    Object.entries({ api, worker, agent, temporal }).map(([name, child]) => [name, usedBy(child.pid!)]),
  );
}

async function deployAll(world: Cloud, basis: Basis, howMany: number): Promise<{ acceptMs: number[]; ids: string[] }> {
  const acceptMs: number[] = [];
  const ids: string[] = [];
  let left = howMany;
  const client = async () => {
    while (left-- > 0) {
      const started = performance.now();
      const { jobid } = await world.admin.call('deployVirtualMachine', deployParams(basis));
      acceptMs.push(performance.now() - started);
      ids.push(String(jobid));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  const db = autocommit(world.database.source);
  for (;;) {
    const [open] = await db.query<{ n: number }>(
      "SELECT COUNT(*) AS n FROM operation WHERE state IN ('queued', 'granted', 'running')",
    );
    if (Number(open?.n) === 0) return { acceptMs, ids };
    await sleep(20);
  }
}

async function measure(world: Cloud, basis: Basis): Promise<Figures> {
  const before = usage(world);
  const started = performance.now();
  const { acceptMs, ids } = await deployAll(world, basis, count);
  const seconds = (performance.now() - started) / 1000;
  const rows = await autocommit(world.database.source).query<{ ms: number; state: string }>(
    'SELECT TIMESTAMPDIFF(MICROSECOND, created_at, ended_at) / 1000 AS ms, state FROM operation WHERE id IN (?)',
    [ids],
  );
  const failed = rows.filter(({ state }) => state !== 'succeeded').length;
  if (failed > 0) process.stdout.write(`${failed} of ${rows.length} deploys failed\n`);
  return { seconds, acceptMs, totalMs: rows.map(({ ms }) => Number(ms)), before, after: usage(world) };
}

function report({ seconds, acceptMs, totalMs, before, after }: Figures): void {
  const line = (name: string, text: string) => process.stdout.write(`${name.padEnd(22)} ${text}\n`);
  line('deploys', `${count}, ${atOnce} clients at once`);
  line('rate', `${(count / seconds).toFixed(1)} deploys/s`);
  line(
    'accept (API reply)',
    `p50 ${quantile(acceptMs, 0.5).toFixed(1)} ms, p99 ${quantile(acceptMs, 0.99).toFixed(1)} ms`,
  );
  line(
    'accepted to ended',
    `p50 ${quantile(totalMs, 0.5).toFixed(0)} ms, p99 ${quantile(totalMs, 0.99).toFixed(0)} ms`,
  );
  for (const [name, used] of Object.entries(after)) {
    const cpu = used.cpuSeconds - (before[name]?.cpuSeconds ?? 0);
    line(name, `${((cpu * 1000) / count).toFixed(1)} CPU ms per deploy, peak ${used.peakRssMib.toFixed(0)} MiB`);
  }
}
