import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandFixture } from '../testing/command-fixture.js';

const fixture = new CommandFixture();
const START_TIMEOUT_MS = 240_000;
beforeAll(() => fixture.setUp());
afterAll(() => fixture.tearDown());

const names = (list: string, key: string): unknown[] =>
  ((JSON.parse(list) as Record<string, { name: string }[]>)[key] ?? []).map(({ name }) => name);

describe('a cloud of simulated hosts', () => {
  it('comes up furnished as suites of clients expect', { timeout: START_TIMEOUT_MS }, async () => {
    const result = await fixture.dura('s', ['sim', '--profile', 'sandbox', '--hosts', '2']);
    expect(result.stderr).toBe('');
    expect(result.code).toBe(0);
    const status = await fixture.status('s');
    expect(status.processes.map(({ name, state }) => `${name} ${state}`)).toEqual(
      ['mariadb', 'temporal', 'agent', 'worker', 'api'].map((name) => `${name} running`),
    );
    const ask = async (...words: string[]): Promise<string> =>
      (await fixture.dura('s', ['sim', 'api', ...words])).stdout;
    expect(names(await ask('listZones'), 'zone')).toEqual(['Sandbox-simulator']);
    expect(names(await ask('listPods'), 'pod')).toEqual(['POD0']);
    expect(JSON.parse(await ask('listClusters'))).toMatchObject({
      cluster: [{ name: 'C1', hypervisortype: 'Simulator' }],
    });
    expect(JSON.parse(await ask('listTemplates', 'templatefilter=all'))).toMatchObject({
      template: [
        {
          ...{ name: 'CentOS 5.6 (64-bit) no GUI (Simulator)', ostypename: 'CentOS 5.6 (64-bit)' },
          ...{ hypervisor: 'Simulator', isready: true },
        },
      ],
    });
    expect(names(await ask('listProjects'), 'project')).toEqual(['terraform']);
    expect(JSON.parse(await ask('listPublicIpAddresses', 'allocatedonly=false', 'listall=true'))).toMatchObject({
      count: 1018,
    });
    const login = [
      '--silent',
      status.urls.api,
      '--data',
      'command=login&username=admin&password=password&response=json',
    ];
    expect((await fixture.inNetwork(['curl', ...login])).stdout).toContain('"sessionkey":');
  });

  it(
    'takes more hosts, not fewer and no other profile, and is left alone by "up"',
    { timeout: START_TIMEOUT_MS },
    async () => {
      const grown = await fixture.dura('s', ['sim', '--hosts', '3']);
      expect(grown.stderr).toBe('');
      expect(grown.stdout).toMatch(/Simulated hosts \(3\): sim-3$/m);
      expect((await fixture.status('s')).hosts?.map(({ name, state }) => `${name} ${state}`).toSorted()).toEqual(
        ['sim-1', 'sim-2', 'sim-3'].map((name) => `${name} Up`),
      );
      for (const [words, why] of [
        [['sim', '--hosts', '2'], /There are 3 hosts; for fewer, remove the cloud first/],
        [['sim', '--profile', 'other'], /--profile is other; choose of plain, sandbox/],
        [['up'], /holds simulated hosts; "dura sim" starts it/],
      ] as const) {
        const refused = await fixture.dura('s', words);
        expect(refused.code).toBe(1);
        expect(refused.stderr).toMatch(why);
      }
    },
  );

  it('takes an estate of rows, once', { timeout: START_TIMEOUT_MS }, async () => {
    const size = 'domains=20,accounts=50,networks=30,vms=60,volumes=100,publicips=40,hosts=600';
    const populated = await fixture.dura('s', ['sim', '--populate', size]);
    expect(populated.stderr).toBe('');
    expect(populated.stdout).toMatch(/60 machines with 100 volumes: 220 rows/);
    const count = async (command: string): Promise<unknown> =>
      (JSON.parse((await fixture.dura('s', ['sim', 'api', command, 'listall=true'])).stdout) as { count: number })
        .count;
    expect(await count('listVirtualMachines')).toBe(60);
    expect(await count('listVolumes')).toBe(100);
    expect(await count('listHosts')).toBe(603);
    const again = await fixture.dura('s', ['sim', '--populate', size]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('was populated already')]);
    const odd = await fixture.dura('s', ['sim', '--populate', 'vms=3']);
    expect([odd.code, odd.stderr]).toEqual([1, expect.stringContaining('need accounts=2 or more')]);
  });

  it('is examined, stopped, taken up again and removed', { timeout: START_TIMEOUT_MS }, async () => {
    expect((await fixture.dura('s', ['sim', 'doctor'])).stdout).toMatch(/3 of 3 hosts: nothing is wrong/);
    expect((await fixture.dura('s', ['sim', 'env'])).stdout).toContain('export CLOUDSTACK_ENDPOINT=');
    expect((await fixture.dura('s', ['sim', 'down'])).code).toBe(0);
    expect((await fixture.dura('s', ['sim'])).code).toBe(0);
    expect((await fixture.dura('s', ['destroy', '--yes'])).code).toBe(0);
    expect(existsSync(fixture.home('s'))).toBe(false);
    expect(await fixture.processesWith(fixture.home('s'))).toEqual([]);
  });
});
