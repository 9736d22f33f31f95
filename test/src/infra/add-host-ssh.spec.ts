/** `addHost` with an ssh:// URL through the API and Temporal: a machine becomes a host, or is left as it was. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { autocommit } from '@durastack/store/database/transaction';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { itemsOf, objectOf } from '../support/basis.js';
import { startCloud, type Cloud, type Place } from '../support/cloud.js';
import { FreshHost } from '../support/fresh-host.js';

let cloud: Cloud;
let host: FreshHost;
let place: Place;

beforeAll(async () => {
  [cloud, host] = await Promise.all([startCloud(), FreshHost.start()]);
  const make = async (command: string, params: Record<string, string>) =>
    objectOf(await cloud.admin.callAndWait(command, params));
  const dns = { dns1: '10.1.0.1', internaldns1: '127.0.0.1' };
  const zone = await make('createZone', { name: 'z1', networktype: 'Advanced', ...dns });
  const range = { gateway: '10.1.0.1', netmask: '255.255.0.0', startip: '10.1.0.2', endip: '10.1.0.9' };
  const pod = await make('createPod', { zoneid: zone.id, name: 'p1', ...range });
  const kind = { hypervisor: 'KVM', clustertype: 'CloudManaged', clustername: 'c1' };
  const cluster = await make('addCluster', { zoneid: zone.id, podid: pod.id, ...kind });
  place = { zoneId: zone.id, podId: pod.id, clusterId: cluster.id };
});

afterAll(async () => {
  await host?.stop();
  await cloud?.stop();
});

const addHost = (params: Record<string, string>) =>
  cloud.admin.call('addHost', {
    zoneid: place.zoneId,
    podid: place.podId,
    clusterid: place.clusterId,
    hypervisor: 'KVM',
    url: `ssh://${host.address}`,
    username: 'deployer',
    password: host.password,
    fingerprint: host.fingerprint(),
    ...params,
  });

const query = <T>(sql: string) => autocommit(cloud.database.source).query<T>(sql, []);
const lastOperation = async () =>
  (await query<{ state: string; error: string | null }>('SELECT * FROM operation ORDER BY created_at DESC LIMIT 1'))[0];
const sealed = async () =>
  (await query<{ n: number }>('SELECT COUNT(*) AS n FROM host WHERE enrolment_sealed IS NOT NULL'))[0]?.n;

it('refuses what is no fingerprint before anything is recorded', async () => {
  await expect(addHost({ fingerprint: 'aa:bb' })).rejects.toThrow(/no fingerprint of an SSH key/);
  expect(await query('SELECT 1 FROM host')).toHaveLength(0);
});

it('turns back from a machine with another key, and from one that refuses the password', async () => {
  await expect(addHost({ fingerprint: `SHA256:${'A'.repeat(43)}` })).rejects.toThrow(/SHA256:.* expected SHA256:AAAA/);
  expect(await lastOperation()).toMatchObject({ state: expect.stringMatching(/failed|undone/i) as unknown });
  await expect(addHost({ password: 'guess' })).rejects.toThrow(/refuses the password of the SSH user deployer/);
  expect(await lastOperation()).toMatchObject({ state: expect.stringMatching(/failed|undone/i) as unknown });
  expect(Number(await sealed())).toBe(0);
  expect(host.run('ls -d /opt/durastack /etc/durastack 2>/dev/null || true')).toBe('');
});

it('adds the machine as a host when it is asked again, and forgets the password', async () => {
  const began = Date.now();
  const added = objectOf(await addHost({}));
  process.stdout.write(`addHost took ${((Date.now() - began) / 1000).toFixed(1)} s\n`);
  expect(added).toMatchObject({ state: 'Up', ipaddress: host.address, hypervisor: 'KVM' });
  expect(Number(itemsOf(await cloud.admin.call('listHosts', { id: added.id }))[0]?.['cpunumber'])).toBeGreaterThan(0);
  expect(Number(await sealed())).toBe(0);
  expect(await query('SELECT 1 FROM host')).toHaveLength(1);
});

it('leaves the password in no log and in no history', () => {
  const files = readdirSync(cloud.directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  expect(files.length).toBeGreaterThan(3);
  for (const { parentPath, name } of files) {
    expect(readFileSync(join(parentPath, name)).includes(host.password), `${parentPath}/${name}`).toBe(false);
  }
  expect(host.run('ps axww -o args')).not.toContain(host.password);
});

it('knows it again however its port is written', async () => {
  await expect(addHost({ url: `ssh://${host.address}:022` })).rejects.toThrow(/was added already/);
});
