/** Hosts of the lab switched by the product through their real controllers, and the addresses that storage knows them by. */
import { readFileSync } from 'node:fs';
import { bmcFiles, readBmcSettings } from '@durastack/cli/lab/bmc/bmc-settings';
import { mariadbUrl } from '@durastack/cli/parts/mariadb';
import { connectDatabase } from '@durastack/store/database/data-source';
import { certificateFingerprint } from '@durastack/kit/tls/certificate-holder';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, itemsOf, objectOf } from '../support/basis.js';
import { LAB_TIMEOUT_MS, useLab, type LabFixture } from './use-lab.js';

const TIMEOUT_MS = 180_000;
const DRIVERS = { 'host-2': 'redfish', 'host-3': 'ipmitool' } as const;
type Controlled = keyof typeof DRIVERS;

let lab: LabFixture;
beforeAll(async () => {
  lab = await useLab({ ceph: true });
}, LAB_TIMEOUT_MS);
afterAll(() => lab?.release(), LAB_TIMEOUT_MS);

const bootId = async (host: string) => (await lab.exec(host, ['cat', '/proc/sys/kernel/random/boot_id'])).stdout.trim();
const act = (host: Controlled, action: string, timeout = '60') =>
  lab.admin.callAndWait('issueOutOfBandManagementPowerAction', { hostid: lab.hostId(host), action, timeout });

async function configure(host: Controlled): Promise<void> {
  const { directory } = lab.lab.host(host);
  const { address, username, password, certificatePem } = readBmcSettings(directory);
  const driver = DRIVERS[host];
  const pin = { fingerprint: certificateFingerprint(certificatePem) };
  const way = driver === 'redfish' ? { port: '443', ...pin } : { port: '623' };
  const hostid = lab.hostId(host);
  await lab.admin.call('configureOutOfBandManagement', { hostid, driver, address, username, password, ...way });
  await lab.admin.callAndWait('enableOutOfBandManagementForHost', { hostid });
}

describe.each(['host-2', 'host-3'] as const)('%s', (host) => {
  it(
    'is switched off and on by its controller, and comes back with another boot',
    { timeout: TIMEOUT_MS },
    async () => {
      await configure(host);
      const before = await bootId(host);
      expect(objectOf(await act(host, 'STATUS'))).toMatchObject({ powerstate: 'On', driver: DRIVERS[host] });
      expect(objectOf(await act(host, 'OFF'))).toMatchObject({ powerstate: 'Off', status: true });
      await expect(lab.exec(host, ['true'])).rejects.toThrow(/is off/);
      await act(host, 'ON');
      await lab.untilHost(host);
      expect(await bootId(host)).not.toBe(before);
      const [row] = itemsOf(await lab.admin.call('listHosts', { id: lab.hostId(host) }));
      const { password } = readBmcSettings(lab.lab.host(host).directory);
      expect(row?.['outofbandmanagement']).toMatchObject({ enabled: true, powerstate: 'On', action: 'ON' });
      expect(JSON.stringify(row)).not.toContain(password);
    },
  );
});

it('a controller that is gone ends the action with the reason', { timeout: TIMEOUT_MS }, async () => {
  await lab.kill('host-2', '--bmc');
  const { jobid } = await lab.admin.call('issueOutOfBandManagementPowerAction', {
    ...{ hostid: lab.hostId('host-2'), action: 'OFF', timeout: '3' },
  });
  await expect(lab.admin.waitForJob(String(jobid))).resolves.toMatchObject({ jobstatus: 2 });
  await lab.heal('host-2');
  expect(objectOf(await act('host-2', 'STATUS'))).toMatchObject({ powerstate: 'On' });
});

it('the password is changed at the controller and kept', { timeout: TIMEOUT_MS }, async () => {
  const file = bmcFiles(lab.lab.host('host-2').directory).settings;
  const before = readFileSync(file, 'utf8');
  await lab.admin.callAndWait('changeOutOfBandManagementPassword', { hostid: lab.hostId('host-2') });
  expect(readFileSync(file, 'utf8')).not.toBe(before);
  expect(objectOf(await act('host-2', 'STATUS'))).toMatchObject({ powerstate: 'On' });
});

it("every host's address on the storage network is registered, and no other", { timeout: TIMEOUT_MS }, async () => {
  const source = await connectDatabase({ url: mariadbUrl(lab.lab.home.mariadb) });
  const registered = () =>
    source.query<{ host: string; address: string }[]>(
      "SELECT a.host_id AS host, a.address FROM host_storage_address a JOIN storage_pool p ON p.id = a.pool_id AND p.kind = 'rbd' ORDER BY a.address",
    );
  const expected = lab.hosts.map((name) => ({
    host: lab.hostId(name),
    address: lab.lab.host(name).plan.cables.storage.address,
  }));
  await eventually('all are registered', async () => (await registered()).length >= expected.length, TIMEOUT_MS);
  expect(await registered()).toEqual(expected.sort((a, b) => (a.address < b.address ? -1 : 1)));
  await source.destroy();
});
