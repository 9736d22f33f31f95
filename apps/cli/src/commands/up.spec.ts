import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandFixture } from '../testing/command-fixture.js';

const fixture = new CommandFixture();
const START_TIMEOUT_MS = 240_000;
beforeAll(() => fixture.setUp());
afterAll(() => fixture.tearDown());

const runs = (status: { processes: readonly { name: string; state: string }[] }) =>
  status.processes.filter((process) => process.state === 'running').map((process) => process.name);
const EVERY_PART = ['mariadb', 'temporal', 'libvirtd', 'agent', 'worker', 'api'];

describe('an instance', () => {
  it('comes up with a machine that answers, and says where everything is', { timeout: START_TIMEOUT_MS }, async () => {
    const result = await fixture.dura('a', ['up']);
    expect(result.stderr).toBe('');
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/^ok +\d+\.\d s {2}Answer on its address: 10\.[\d.]+$/m);
    expect(result.stdout).toMatch(/API docs +http:\/\/127\.0\.0\.1:\d+\/api\/docs/);
    expect(result.stdout).toMatch(/\/namespaces\/default\/workflows\/[0-9a-f-]+-1$/m);
    const status = await fixture.status('a');
    expect(runs(status)).toEqual(EVERY_PART);
    expect(status.hosts).toEqual([expect.objectContaining({ state: 'Up' })]);
    expect(status.operations).toEqual({ running: 0, queued: 0, needsAttention: 0 });
    expect(statSync(join(fixture.home('a'), 'admin.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(fixture.home('a'), 'data.key')).mode & 0o777).toBe(0o600);
  });

  it('is reached by signed calls, with the addresses and keys of dura env', async () => {
    const list = await fixture.dura('a', ['api', 'listVirtualMachines']);
    expect(list.code).toBe(0);
    expect(JSON.parse(list.stdout)).toMatchObject({ count: 1, virtualmachine: [{ name: 'hello', state: 'Running' }] });
    const wrong = await fixture.dura('a', ['api', 'stopVirtualMachine', 'id=nonsense']);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/^stopVirtualMachine failed: .*id/);
    const env = await fixture.dura('a', ['env']);
    const { url, apiKey } = JSON.parse(readFileSync(join(fixture.home('a'), 'admin.json'), 'utf8')) as Record<
      string,
      string
    >;
    expect(env.stdout).toContain(`export CLOUDSTACK_ENDPOINT='${url}'\n`);
    expect(env.stdout).toContain(`export DURASTACK_API_KEY='${apiKey}'\n`);
    expect(env.stdout.trim().split('\n')).toHaveLength(9);
  });

  it('is examined by the doctor, also while worker and API are dead', async () => {
    const healthy = await fixture.dura('a', ['doctor']);
    expect(healthy).toMatchObject({ code: 0, stderr: '' });
    expect(healthy.stdout).toMatch(/^Compared the database, Temporal, 1 of 1 hosts: nothing is wrong\.$/m);
    const before = await fixture.status('a');
    for (const { name, pid } of before.processes) {
      if (name !== 'worker' && name !== 'api') continue;
      expect(pid).toBeGreaterThan(1);
      process.kill(Number(pid), 'SIGKILL');
    }
    const report = await fixture.dura('a', ['doctor', '--fix', '--json']);
    expect(report).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(report.stdout)).toMatchObject({
      hosts: { asked: 1, answered: 1 },
      comparedTemporal: true,
      treated: [],
      findings: [],
    });
    const nowhere = await fixture.dura('never-started', ['doctor']);
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toContain('could not check: ');
    expect((await fixture.dura('a', ['up'])).code).toBe(0);
  });

  it('starts only what is missing when up is repeated', async () => {
    const before = await fixture.status('a');
    const worker = before.processes.find((process) => process.name === 'worker');
    // Without the check a missing id would be 0, which is everybody in this process group.
    expect(worker?.pid).toBeGreaterThan(1);
    process.kill(Number(worker?.pid), 'SIGKILL');
    const begun = performance.now();
    const again = await fixture.dura('a', ['up']);
    expect(again.code).toBe(0);
    expect(performance.now() - begun).toBeLessThan(20_000);
    const after = await fixture.status('a');
    expect(runs(after)).toEqual(EVERY_PART);
    const pids = (status: typeof before) => status.processes.filter((p) => p.name !== 'worker').map((p) => p.pid);
    expect(pids(after)).toEqual(pids(before));
  });

  it('shows its logs', async () => {
    expect((await fixture.dura('a', ['logs', 'api', '-n', '3'])).stdout.split('\n').length).toBeGreaterThan(1);
    expect((await fixture.dura('a', ['logs', 'nothing'])).stderr).toMatch(/There is no part "nothing"; choose of/);
  });

  it(
    'leaves machines running when it is stopped, and another instance alone',
    { timeout: START_TIMEOUT_MS },
    async () => {
      const other = await fixture.dura('b', ['up', '--no-vm']);
      expect(other.stderr).toBe('');
      expect(other.code).toBe(0);
      const [a, b] = [await fixture.status('a'), await fixture.status('b')];
      expect(a.urls.api).not.toBe(b.urls.api);
      expect((await fixture.dura('a', ['down'])).code).toBe(0);
      expect(runs(await fixture.status('a'))).toEqual([]);
      expect(runs(await fixture.status('b'))).toEqual(EVERY_PART);
      expect(await fixture.processesWith(fixture.home('a'))).toEqual(
        expect.arrayContaining([expect.stringMatching(/^qemu-system/)]),
      );
      const again = await fixture.dura('a', ['up']);
      expect(again.stdout).toMatch(/Machine +hello at [\d.]+, Running/);
    },
  );

  it('leaves nothing behind when it is destroyed', async () => {
    expect((await fixture.dura('a', ['destroy'])).stderr).toMatch(/confirm with "dura destroy --yes"/);
    const result = await fixture.dura('a', ['destroy', '--yes']);
    expect(result.stderr).toBe('');
    expect(result.code).toBe(0);
    expect(existsSync(fixture.home('a'))).toBe(false);
    expect(await fixture.processesWith(fixture.home('a'))).toEqual([]);
    expect(runs(await fixture.status('b'))).toEqual(EVERY_PART);
    await fixture.dura('b', ['destroy', '--yes']);
    const links = (await fixture.inNetwork(['ip', '-brief', 'link', 'show'])).stdout.trim().split('\n');
    expect(links.map((line) => line.split(' ')[0])).toEqual(['lo']);
    expect((await fixture.inNetwork(['nft', 'list', 'tables'])).stdout).toBe('');
  });

  it('goes on where an interrupted start had stopped', { timeout: START_TIMEOUT_MS }, async () => {
    const shield = ['timeout', '--preserve-status', '--signal=INT', '9'];
    expect((await fixture.dura('c', ['up'], { shield })).code).toBe(130);
    expect(await fixture.processesWith(fixture.home('c'))).toEqual([]);
    const again = await fixture.dura('c', ['up']);
    expect(again.stderr).toBe('');
    expect(again.stdout).toMatch(/Machine +hello at [\d.]+, Running/);
  });
});
