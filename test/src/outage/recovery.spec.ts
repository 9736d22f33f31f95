/** A database that was restored from an older backup: what runs counts, nothing is started twice, the rest is listed. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ApiClient } from '@durastack/cli/api/api-client';
import { isDurastackError } from '@durastack/contracts/errors';
import { createAgentClient, type AgentClient } from '@durastack/kit/agent-client/agent-client';
import { openSecretBox } from '@durastack/kit/secrets/secret-box';
import { issueControlPlaneCertificate } from '@durastack/kit/tls/certificate-authority';
import { autocommit } from '@durastack/store/database/transaction';
import { loadCertificateAuthority } from '@durastack/store/infra/certificate-authority';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deployParams, eventually, itemsOf, makeBasis, objectOf, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';
import { findInconsistencies, readInventories } from '../support/consistency.js';
import { backUp, restore, type Backup } from './backup.js';

const BEGIN_RECOVERY = new URL('../../../libs/store/dist/tools/begin-recovery.js', import.meta.url).pathname;

const LIMIT_MS = 300_000;

interface Recovery {
  readonly active: boolean;
  readonly reason?: string;
  readonly awaited: readonly { id: string }[];
  readonly findings: readonly { kind: string; subject: string }[];
}

const scratch = mkdtempSync(join(tmpdir(), 'durastack-recovery-'));
const effectsFile = join(scratch, 'effects');
let cloud: Cloud;
let basis: Basis;
let admin: ApiClient;
let agents: AgentClient;

beforeAll(async () => {
  cloud = await startCloud({ agentSettings: { DURASTACK_SIMULATOR_EFFECTS_FILE: effectsFile } });
  basis = await makeBasis(cloud, { hosts: 2 });
  admin = cloud.admin;
  const authority = await loadCertificateAuthority(
    cloud.database.source,
    openSecretBox(join(cloud.directory, 'data.key')),
  );
  const identity = await issueControlPlaneCertificate(authority);
  agents = createAgentClient({ caPem: authority.certificatePem, ...identity });
});
afterAll(async () => {
  await agents?.close();
  await cloud?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

const deploy = async (extra: Record<string, string> = {}) =>
  objectOf(await admin.callAndWait('deployVirtualMachine', deployParams(basis, extra))).id;
const run = (command: string, params: Record<string, string>) => admin.callAndWait(command, params);
const vm = async (id: string) => itemsOf(await admin.call('listVirtualMachines', { id, listall: 'true' }))[0];
const recovery = async () => (await admin.call('getRecovery'))['recovery'] as Recovery;
const ended = () => eventually('recovery has ended', async () => !(await recovery()).active && recovery());
const jobState = async (id: string) =>
  (
    await autocommit(cloud.database.source).query<{ state: string }>('SELECT state FROM operation WHERE id = ?', [id])
  )[0]?.state;
const startsOf = (id: string) =>
  readFileSync(effectsFile, 'utf8')
    .split('\n')
    .filter((line) => line.includes('vm-running') && line.includes(id)).length;
/** On which hosts machines run now. */
async function placesOf(ids: readonly string[]): Promise<(string | undefined)[]> {
  const inventories = await readInventories(cloud.database.source, agents);
  return ids.map((id) => {
    const places = [...inventories].filter(([, { vms }]) =>
      vms.some((one) => one.id === id && one.power === 'running'),
    );
    return places.map(([hostId]) => hostId).join('+') || undefined;
  });
}

/** Holds a verb on its hosts, begins something that calls it, and gives the job. */
async function held(verb: string, command: string, params: Record<string, string>) {
  const { id: fault } = await cloud.simulate('POST', '/faults', {
    ...{ verb, point: 'before-effect', action: { kind: 'hold' } },
  });
  const accepted = await admin.call(command, params);
  const isHeld = async () => Number((await cloud.simulate('GET', `/faults/${String(fault)}`))['held']) > 0;
  await eventually(`${verb} is held`, isHeld);
  const job = String(accepted['jobid']);
  return { id: String(accepted['id']), job, release: () => cloud.simulate('DELETE', `/faults/${String(fault)}`) };
}

/** As an operator does it; `command`: with the documented step after it. */
async function restoreBackup(backup: Backup, { command }: { command: boolean }): Promise<void> {
  await Promise.all([cloud.api.kill('SIGKILL'), cloud.worker.kill('SIGKILL')]);
  await restore(cloud.database.url, backup);
  // The backup is an hour old.
  await autocommit(cloud.database.source).execute(
    'UPDATE host SET last_heartbeat_at = last_heartbeat_at - INTERVAL 1 HOUR',
  );
  const env = { ...process.env, DURASTACK_DATABASE_URL: cloud.database.url };
  if (command) await promisify(execFile)(process.execPath, [BEGIN_RECOVERY], { env });
  await Promise.all([cloud.api.start(), cloud.worker.start()]);
}

it(
  'by command: work that went on after the backup is found on the hosts, and new operations work',
  async () => {
    const [hostA, hostB] = basis.hostIds as [string, string];
    const [moved, stopped, expunged, recovered] = await Promise.all([
      deploy({ hostid: hostA }),
      deploy(),
      deploy(),
      deploy(),
    ]);
    const started = await deploy();
    await run('stopVirtualMachine', { id: started, forced: 'true' });
    await run('destroyVirtualMachine', { id: recovered });
    const halfDeployed = await held('ensureVmRunning', 'deployVirtualMachine', deployParams(basis));
    const halfStopped = await held('ensureVmStopped', 'stopVirtualMachine', { id: stopped, forced: 'true' });
    const waiting = String(
      (await admin.call('startVirtualMachine', { id: stopped }).catch(() => ({ jobid: '' })))['jobid'],
    );
    const backup = await backUp(cloud.database.url);

    await halfDeployed.release();
    await halfStopped.release();
    await admin.waitForJob(halfDeployed.job);
    await admin.waitForJob(halfStopped.job);
    if (waiting !== '') await admin.waitForJob(waiting);
    await run('destroyVirtualMachine', { id: halfDeployed.id, expunge: 'true' });
    await run('stopVirtualMachine', { id: moved, forced: 'true' });
    await run('startVirtualMachine', { id: moved, hostid: hostB });
    await run('startVirtualMachine', { id: started });
    await run('destroyVirtualMachine', { id: expunged, expunge: 'true' });
    await run('recoverVirtualMachine', { id: recovered });
    await run('startVirtualMachine', { id: recovered });
    const stranger = await deploy();
    const all = [moved, stopped, expunged, recovered, started, halfDeployed.id, stranger];
    const before = await placesOf(all);
    const startsBefore = all.map(startsOf);
    expect(before[0]).toBe(hostB);

    await restoreBackup(backup, { command: true });
    const { findings } = await ended();
    expect(await placesOf(all)).toEqual(before);
    expect(all.map(startsOf)).toEqual(startsBefore);
    expect(await vm(moved)).toMatchObject({ state: 'Running', hostid: hostB });
    expect(await vm(started)).toMatchObject({ state: 'Running', hostid: before[4] });
    expect(await vm(halfDeployed.id)).toMatchObject({ state: 'Error' });
    expect(await vm(expunged)).toMatchObject({ state: 'Error' });
    expect(await jobState(halfDeployed.job)).toBe('failed');
    const listed = findings.map(({ kind, subject }) => `${kind} ${subject}`);
    expect(listed).toContain(`unknown-machine virtual-machine:${stranger}@${before[6]}`);
    expect(listed).toContain(`gone-machine virtual-machine:${expunged}`);
    expect(listed).toContain(`unwanted-machine virtual-machine:${recovered}@${before[3]}`);
    expect(listed).toContain(`operation-ended operation:${halfDeployed.job}`);
    expect(listed.some((line) => line.startsWith('unknown-volume'))).toBe(true);

    // Tokens win again on hosts that have seen higher generations.
    await run('stopVirtualMachine', { id: moved, forced: 'true' });
    await run('startVirtualMachine', { id: moved, hostid: hostA });
    expect(await placesOf([moved])).toEqual([hostA]);
    for (const id of [halfDeployed.id, expunged, recovered])
      await run('destroyVirtualMachine', { id, expunge: 'true' });
    expect(await vm(await deploy())).toMatchObject({ state: 'Running' });
    await admin.call('acknowledgeRecovery');
    expect((await recovery()).findings).toEqual([]);
    const wrong = await findInconsistencies(cloud.database.source, agents);
    expect(wrong.filter((line) => !line.includes(stranger) && !line.startsWith('volume-unknown'))).toEqual([]);
  },
  LIMIT_MS,
);

/** The worker listened before it started anything, unless the intake had begun the recovery before it came. */
function listenedFirst(log: string): boolean {
  const lines = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg?: string; time: string; startedAt?: string });
  const ready = lines.findLast(({ msg }) => msg === 'ready')?.time ?? '';
  const begun = lines.findLast(({ startedAt }) => startedAt !== undefined)?.startedAt ?? '';
  return lines.some(({ msg }) => msg?.includes('were not heard for long')) || new Date(begun) < new Date(ready);
}

it(
  'by itself: what hosts were told proves the restore; a silent host is waited for, and can be written off',
  async () => {
    const [hostA, hostB] = basis.hostIds as [string, string];
    const kept = await deploy({ hostid: hostA });
    const lost = await deploy({ hostid: hostB });
    // Accepted, and not begun, when the backup is made; done and removed since.
    await cloud.worker.kill('SIGSTOP');
    const wished = await admin.call('deployVirtualMachine', deployParams(basis));
    const backup = await backUp(cloud.database.url);
    await cloud.worker.kill('SIGCONT');
    const [wishedId, wishedJob] = [String(wished['id']), String(wished['jobid'])];
    await admin.waitForJob(wishedJob);
    await run('destroyVirtualMachine', { id: wishedId, expunge: 'true' });
    await run('rebootVirtualMachine', { id: kept });
    await run('rebootVirtualMachine', { id: lost });
    const ghost = await held('ensureVmRunning', 'deployVirtualMachine', deployParams(basis, { hostid: hostA }));
    const starts = startsOf(kept);
    await cloud.simulate('POST', `/hosts/${hostB}/power`, { on: false });

    await restoreBackup(backup, { command: false });
    const waits = await eventually('recovery waits for the silent host', async () => {
      const now = await recovery();
      return now.active && now.awaited.length === 1 && now;
    });
    expect(waits.awaited[0]?.id).toBe(hostB);
    const refusal = await admin.call('stopVirtualMachine', { id: kept }).catch((error: unknown) => error);
    expect(isDurastackError(refusal) && refusal.message).toMatch(
      /restored from a backup.*getRecovery|api\/v1\/recovery/,
    );
    await expect(admin.call('writeOffHost', { id: hostA })).rejects.toThrow(/was read/);
    await admin.call('writeOffHost', { id: hostB });
    const { findings } = await ended();
    expect(findings.map(({ kind }) => kind)).toContain('host-written-off');
    expect(await vm(lost)).toMatchObject({ state: 'Stopped' });
    expect(await vm(kept)).toMatchObject({ state: 'Running', hostid: hostA });
    expect(startsOf(kept)).toBe(starts);
    expect([startsOf(wishedId), await jobState(wishedJob)]).toEqual([1, 'cancelled']);
    expect(listenedFirst(cloud.worker.log()), cloud.worker.log()).toBe(true);
    // The restored rows know nothing of what was being done; its attempt on the host was stopped by the new epoch.
    await ghost.release();
    expect(await jobState(ghost.job)).toBeUndefined();
    await run('startVirtualMachine', { id: lost });
    expect(await vm(lost)).toMatchObject({ state: 'Running', hostid: hostA });

    await cloud.simulate('POST', `/hosts/${hostB}/power`, { on: true });
    await eventually('the host that came back is read', async () => {
      const rows = await autocommit(cloud.database.source).query<{ state: string }>(
        'SELECT state FROM recovery_host WHERE host_id = ?',
        [hostB],
      );
      return rows[0]?.state === 'read';
    });
    await ended();
    await run('stopVirtualMachine', { id: lost, forced: 'true' });
    await run('startVirtualMachine', { id: lost, hostid: hostB });
    expect(await placesOf([lost, ghost.id])).toEqual([hostB, undefined]);
    expect(startsOf(ghost.id)).toBe(0);
  },
  LIMIT_MS,
);
