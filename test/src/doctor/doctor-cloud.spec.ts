/** The doctor on a cloud of real processes: as a program, on schedule, by API, as alerts and as a metric. */
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newId } from '@durastack/kit/ids/new-id';
import { autocommit } from '@durastack/store/database/transaction';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployParams, eventually, itemsOf, makeBasis, objectOf, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';

const LIMIT_MS = 180_000;
const PROGRAM = resolve(fileURLToPath(new URL('../../..', import.meta.url)), 'apps/worker/dist/doctor-main.js');
let cloud: Cloud;
let basis: Basis;
beforeAll(async () => {
  cloud = await startCloud();
  basis = await makeBasis(cloud);
}, LIMIT_MS);
afterAll(() => cloud?.stop());

interface Report {
  readonly comparedTemporal: boolean;
  readonly hosts: { asked: number; answered: number };
  readonly treated?: readonly { id: string; outcome: string }[];
  readonly findings: readonly { kind: string; what: string }[];
}

const settings = () => ({
  PATH: process.env['PATH'],
  DURASTACK_DATABASE_URL: cloud.database.url,
  DURASTACK_DATA_KEY_FILE: join(cloud.directory, 'data.key'),
  DURASTACK_TEMPORAL_ADDRESS: cloud.temporalAddress,
  DURASTACK_INTAKE_URL: cloud.intakeUrl,
});

function program(
  words: readonly string[],
  env: NodeJS.ProcessEnv = settings(),
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [PROGRAM, ...words], { env, timeout: 120_000 }, (error, stdout, stderr) =>
      done({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
    );
  });
}

async function report(...words: string[]): Promise<Report & { code: number }> {
  const { code, stdout, stderr } = await program([...words, '--json']);
  expect(stderr).toBe('');
  return { code, ...(JSON.parse(stdout) as Report) };
}

const kindsOf = ({ findings }: Report): string[] => findings.map(({ kind }) => kind).sort();
const db = () => autocommit(cloud.database.source);

it('finds nothing in a cloud that is busy', { timeout: LIMIT_MS }, async () => {
  let busy = true;
  const work = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (busy) {
        const { id } = objectOf(await cloud.admin.callAndWait('deployVirtualMachine', deployParams(basis)));
        await cloud.admin.callAndWait('stopVirtualMachine', { id, forced: 'true' });
        await cloud.admin.callAndWait('destroyVirtualMachine', { id, expunge: 'true' });
      }
    }),
  );
  try {
    for (let look = 0; look < 3; look += 1) {
      const seen = await report();
      expect(seen.findings).toEqual([]);
      expect(seen).toMatchObject({ code: 0, comparedTemporal: true });
      expect(seen.hosts.answered).toBe(seen.hosts.asked);
    }
  } finally {
    busy = false;
    await work;
  }
});

/** An operation's row, as if a dead worker had left it. */
async function openOperation(state: 'running' | 'granted', run: number): Promise<string> {
  const id = newId();
  await db().execute(
    `INSERT INTO operation (id, kind, state, run, direction, resource_type, resource_id, summary, account_id, domain_id, lifecycle_json, input_json, created_at, touched_at)
     SELECT ?, 'stopVirtualMachine', ?, ?, 'forward', 'virtual-machine', ?, 'Stop web-1', a.id, a.domain_id, '{}', '{}', NOW(3), NOW(3) - INTERVAL 30 SECOND
       FROM account a WHERE a.name = 'admin'`,
    [id, state, run, newId()],
  );
  return id;
}

describe('with API and worker dead', () => {
  beforeAll(async () => {
    await Promise.all([cloud.api.kill('SIGKILL'), cloud.worker.kill('SIGKILL')]);
  });
  afterAll(async () => {
    await Promise.all([cloud.api.start(), cloud.worker.start()]);
  }, LIMIT_MS);

  it('compares operations with workflows, and mends both', { timeout: LIMIT_MS }, async () => {
    const connection = await Connection.connect({ address: cloud.temporalAddress });
    const { workflow } = new Client({ connection });
    const begin = (workflowId: string) =>
      workflow.start('stopVirtualMachine', { workflowId, taskQueue: 'nobody-polls', args: [] });
    const [lost, superseded, stranger] = [
      await openOperation('running', 1),
      await openOperation('granted', 2),
      newId(),
    ];
    const handles = [await begin(`${superseded}-1`), await begin(`${stranger}-1`)];
    const kinds = ['operation-without-workflow', 'workflow-superseded', 'workflow-without-operation'];
    const seen = await eventually('Temporal lists its workflows', async () => {
      const now = await report();
      return now.findings.length === kinds.length && now;
    });
    expect(kindsOf(seen)).toEqual(kinds);
    expect(seen.code).toBe(1);
    const mended = await report('--fix');
    expect(mended.treated?.map(({ outcome }) => outcome)).toEqual(['mended', 'mended', 'mended']);
    expect(mended).toMatchObject({ code: 0, findings: [] });
    for (const handle of handles) expect((await handle.describe()).status.name).toBe('TERMINATED');
    const [row] = await db().query('SELECT state, run FROM operation WHERE id = ?', [lost]);
    expect(row).toEqual({ state: 'granted', run: 2 });
    await db().execute('DELETE FROM operation WHERE id IN (?)', [[lost, superseded]]);
    await connection.close();
  });

  it('says in words what it found, and what to do', { timeout: LIMIT_MS }, async () => {
    await db().execute("UPDATE host SET memory_mib_reserved = memory_mib_reserved + 5 WHERE state = 'Up'");
    const { code, stdout } = await program([]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Compared the database, Temporal, \d+ of \d+ hosts: \d+ findings?\.$/m);
    expect(stdout).toMatch(/^ERROR counter-wrong \(database\)$/m);
    expect(stdout).toMatch(/^ {2}--fix: Counts again, from the reservations\.$/m);
    const fixed = await program(['--fix']);
    expect(fixed.stdout).toMatch(/^mended: The host .+ counts /m);
    expect(fixed.stdout).toContain(': nothing is wrong.');
    expect(fixed.code).toBe(0);
  });

  it('says which part it could not look at', { timeout: LIMIT_MS }, async () => {
    const nowhere = await program(['--json'], {
      ...settings(),
      DURASTACK_DATABASE_URL: 'mysql://root@127.0.0.1:9/durastack',
    });
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toMatch(/^doctor: could not check: .*database/);
    await cloud.temporal.kill('SIGKILL');
    const blind = await report();
    expect(blind).toMatchObject({ code: 2, comparedTemporal: false });
    expect(kindsOf(blind)).toEqual(['temporal-unreachable']);
    await cloud.temporal.start();
  });
});

interface Doctor {
  readonly checkedat?: string;
  readonly fresh: boolean;
  readonly findings: readonly { kind: string; what: string; automatic: boolean; since: string }[];
}

const ask = async () => (await cloud.admin.call('getDoctor', { fresh: 'true' }))['doctor'] as unknown as Doctor;
const alerts = async (type = '12') => itemsOf(await cloud.admin.call('listAlerts', { type }));

describe('the check on schedule', () => {
  const damage = () => db().execute("UPDATE storage_pool SET reserved_bytes = reserved_bytes + 1 WHERE state = 'Up'");
  const metric = async (name: string): Promise<number> => {
    const [lease] = await db().query<{ url: string }>("SELECT hint_url AS url FROM lease WHERE name = 'doctor'");
    const text = await (await fetch(new URL('/metrics', lease!.url))).text();
    const line = text.split('\n').find((one) => one.startsWith(name));
    return Number(line?.split(' ').at(-1));
  };

  it('raises an alert for what it finds twice, and clears it', { timeout: LIMIT_MS }, async () => {
    await eventually('a check finds nothing', async () => {
      const { fresh, findings } = await ask();
      return fresh && findings.length === 0;
    });
    await damage();
    const first = await ask();
    expect(first).toMatchObject({ fresh: true, findings: [{ kind: 'counter-wrong', automatic: true }] });
    expect(Date.parse(first.findings[0]!.since)).not.toBeNaN();
    expect(await alerts()).toEqual([]);
    await ask();
    expect(await alerts()).toMatchObject([{ type: 12, description: first.findings[0]!.what }]);
    const gauge = 'durastack_doctor_findings{kind="counter-wrong",severity="error"}';
    expect(await metric(gauge)).toBe(1);
    const age = Date.now() / 1000 - (await metric('durastack_doctor_last_check_timestamp_seconds'));
    expect(age).toBeLessThan(300);
    expect((await report('--fix')).code).toBe(0);
    expect((await ask()).findings).toEqual([]);
    expect(await alerts()).toEqual([]);
    expect(await metric(gauge)).toBe(0);
  });

  it('leaves archived alerts archived, and raises deleted ones anew', { timeout: LIMIT_MS }, async () => {
    await damage();
    await ask();
    await ask();
    const [alert] = await alerts();
    await cloud.admin.call('archiveAlerts', { ids: alert!.id });
    expect(await alerts()).toEqual([]);
    await ask();
    expect(await alerts()).toEqual([]);
    await cloud.admin.call('deleteAlerts', { ids: alert!.id });
    await ask();
    expect(await alerts()).toHaveLength(1);
    await expect(cloud.admin.call('archiveAlerts', {})).rejects.toThrow(/ids, type, startdate or enddate/);
    expect((await report('--fix')).code).toBe(0);
  });

  it('raises one for a cluster that has no room for the loss of a host', { timeout: LIMIT_MS }, async () => {
    const size = { name: 'ha', displaytext: 'ha', cpunumber: '1', cpuspeed: '500', memory: '128', offerha: 'true' };
    const offering = objectOf(await cloud.admin.call('createServiceOffering', size));
    const room = () => metric('durastack_cluster_failover_room_bytes{');
    expect(await room()).toBe(0);
    const params = { ...deployParams(basis), serviceofferingid: offering.id };
    const { id } = objectOf(await cloud.admin.callAndWait('deployVirtualMachine', params));
    expect(await room()).toBe(-128 * 1_048_576);
    expect((await ask()).findings).toEqual([]);
    expect(await alerts('14')).toMatchObject([
      {
        description: expect.stringMatching(/no room for the loss of a host.*lacks 128 MiB of memory/) as string,
      },
    ]);
    await ask();
    expect(await alerts('14')).toHaveLength(1);
    await cloud.admin.callAndWait('destroyVirtualMachine', { id, expunge: 'true' });
    await ask();
    expect(await alerts('14')).toEqual([]);
  });

  it('raises one at once for an operation that needs attention', { timeout: LIMIT_MS }, async () => {
    const id = await openOperation('granted', 1);
    await db().execute("UPDATE operation SET state = 'needs-attention', error_message = 'disk full' WHERE id = ?", [
      id,
    ]);
    expect((await ask()).findings).toMatchObject([{ kind: 'operation-needs-attention' }]);
    const [alert] = itemsOf(await cloud.admin.call('listAlerts', { keyword: id }));
    expect(alert).toMatchObject({ name: 'ALERT.MANAGEMENT' });
    await db().execute('DELETE FROM operation WHERE id = ?', [id]);
  });
});
