/**
 * Order and fairness, end to end on simulated hosts: operations on one machine run in the order of acceptance, each
 * says what it waits for, and a crowd of tenants does not hold up a small one. Judged by positions, never by time.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { SimulatedEffect } from '@durastack/drivers/simulator/effect-log';
import { autocommit } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployParams, eventually, makeBasis, objectOf, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';

const SLOTS = 16;
const RESERVED = 4;
const TENANTS = 20;
/** Acceptance is most of this test: fewer of them by `DURASTACK_TEST_CROWD`. */
const EACH = Number(process.env['DURASTACK_TEST_CROWD'] ?? 100);
const CALLS_AT_ONCE = 16;
const effectsFile = join(mkdtempSync(join(tmpdir(), 'durastack-order-')), 'effects.jsonl');

let cloud: Cloud;
let basis: Basis;
beforeAll(async () => {
  cloud = await startCloud({
    settings: { DURASTACK_OPERATIONS_AT_ONCE: String(SLOTS), DURASTACK_OPERATIONS_RESERVED: String(RESERVED) },
    agentSettings: { DURASTACK_SIMULATOR_EFFECTS_FILE: effectsFile },
  });
  basis = await makeBasis(cloud, { hosts: 2 });
});
afterAll(async () => {
  await cloud?.stop();
  rmSync(dirname(effectsFile), { recursive: true, force: true });
});

const query = <T>(sql: string, parameters: unknown[] = []) =>
  autocommit(cloud.database.source).query<T>(sql, parameters);

async function rest(path: string): Promise<Record<string, unknown>> {
  const { apiKey, secretKey } = cloud.keys;
  const headers = { authorization: `Bearer ${apiKey}:${secretKey}` };
  return (await (await fetch(`${cloud.apiUrl}/api/v1${path}`, { headers })).json()) as Record<string, unknown>;
}

describe('operations on one machine', () => {
  it('ten issued at once run one after the other, in the order of acceptance', async () => {
    const vm = objectOf(await cloud.admin.callAndWait('deployVirtualMachine', deployParams(basis)));
    const replies = await Promise.all(
      Array.from({ length: 10 }, () => cloud.admin.call('rebootVirtualMachine', { id: vm.id, forced: 'true' })),
    );
    const jobs = replies.map(({ jobid }) => String(jobid));
    const ended = await Promise.all(jobs.map((job) => cloud.admin.waitForJob(job)));
    expect(ended.map(({ jobstatus }) => jobstatus)).toEqual(jobs.map(() => 1));
    const rows = await query<{ generation: number; overlaps: number }>(
      `SELECT r.generation, (SELECT COUNT(*) FROM operation later
           WHERE later.resource_id = o.resource_id AND later.seq > o.seq AND later.started_at < o.ended_at) AS overlaps
         FROM operation o JOIN operation_run r ON r.operation_id = o.id WHERE o.id IN (?) ORDER BY o.seq`,
      [jobs],
    );
    expect(rows).toHaveLength(10);
    expect(rows.map(({ overlaps }) => Number(overlaps))).toEqual(rows.map(() => 0));
    const generations = rows.map(({ generation }) => Number(generation));
    expect(generations).toEqual([...generations].sort((a, b) => a - b));
    // On the host: off and on in turn, one of each for every reboot after the deploy.
    const kinds = readFileSync(effectsFile, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as SimulatedEffect)
      .filter(({ id, kind }) => id === vm.id && (kind === 'vm-running' || kind === 'vm-off'))
      .map(({ kind }) => kind);
    expect(kinds).toEqual(['vm-running', ...Array.from({ length: 10 }, () => ['vm-off', 'vm-running']).flat()]);
  });

  it('say what they wait for', async () => {
    const vm = objectOf(await cloud.admin.callAndWait('deployVirtualMachine', deployParams(basis, { name: 'web-1' })));
    const { id: fault } = await cloud.simulate('POST', '/faults', {
      verb: 'ensureVmStopped',
      point: 'before-effect',
      action: { kind: 'hold' },
    });
    const call = async (command: string) =>
      String((await cloud.admin.call(command, { id: vm.id, forced: 'true' }))['jobid']);
    const [first, second, third] = [
      await call('stopVirtualMachine'),
      await call('rebootVirtualMachine'),
      await call('stopVirtualMachine'),
    ];
    await eventually(
      'the stop is held',
      async () => Number((await cloud.simulate('GET', `/faults/${String(fault)}`))['held']) > 0,
    );
    expect(await rest(`/operations/${second}`)).toMatchObject({
      state: 'queued',
      blockedOn: [
        {
          operationId: first,
          summary: expect.stringMatching(/^Stop web-1/),
          resource: { type: 'virtual-machine', id: vm.id, name: 'web-1' },
        },
      ],
      waitingFor: expect.stringMatching(
        /^1 earlier operation on virtual machine web-1; next: Stop web-1 .*running, step “Make sure that it is off”/,
      ),
    });
    const behindTwo = await cloud.admin.call('queryAsyncJobResult', { jobid: third });
    expect(behindTwo['detail']).toMatch(/^Waits for 2 earlier operations on virtual machine web-1; next: Stop web-1/);
    await cloud.simulate('DELETE', `/faults/${String(fault)}`);
    await Promise.all([first, second, third].map((job) => cloud.admin.waitForJob(job)));
    expect(await rest(`/operations/${second}`)).not.toHaveProperty('waitingFor');
  });
});

describe('a small tenant behind a crowd', () => {
  const makeAccount = (name: string) =>
    cloud.admin.call('createAccount', {
      username: name,
      password: 'a long enough password',
      email: `${name}@example.test`,
      firstname: name,
      lastname: name,
      accounttype: '0',
      account: name,
    });

  it(`ends its one operation long before ${TENANTS} others with ${EACH} each, though it came last`, async () => {
    const crowd = Array.from({ length: TENANTS }, (_, index) => `crowd-${index}`);
    for (const name of [...crowd, 'small']) await makeAccount(name);
    const [owner] = await query<{ id: string }>("SELECT domain_id AS id FROM account WHERE name = 'small'");
    const deploy = async (account: string) => {
      const params = deployParams(basis, { account, domainid: owner!.id });
      return String((await cloud.admin.call('deployVirtualMachine', params))['jobid']);
    };
    const todo = Array.from({ length: TENANTS * EACH }, (_, index) => crowd[index % TENANTS]!);
    await Promise.all(
      Array.from({ length: CALLS_AT_ONCE }, async () => {
        for (let name = todo.pop(); name !== undefined; name = todo.pop()) await deploy(name);
      }),
    );
    const small = await deploy('small');
    expect((await cloud.admin.waitForJob(small)).jobstatus).toBe(1);
    const [counts] = await query<{ ended: number; ahead: number }>(
      `SELECT SUM(o.ended_at BETWEEN s.created_at AND s.ended_at) AS ended, SUM(o.seq < s.seq AND (o.ended_at IS NULL OR o.ended_at > s.ended_at)) AS ahead
         FROM operation o JOIN operation s ON s.id = ?`,
      [small],
    );
    const [ended, ahead] = [Number(counts?.ended), Number(counts?.ahead)];
    process.stdout.write(
      `a small tenant's operation: ${ended} ended between its acceptance and its end; ${ahead} accepted before it did not\n`,
    );
    // Its turn comes after at most a few operations of each of the others, beside what ran already.
    expect(ended).toBeLessThanOrEqual(3 * (TENANTS + SLOTS));
    expect(ahead).toBeGreaterThan(2 * ended);
  }, 240_000);
});
