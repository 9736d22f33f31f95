/** HA for the hosts of a lab, with the management controllers that they have. */
import { readBmcSettings } from '@durastack/cli/lab/bmc/bmc-settings';
import { certificateFingerprint } from '@durastack/kit/tls/certificate-holder';
import type { LabFixture } from './use-lab.js';

/** Makes HA look after every host, which it may switch off. */
export async function enableHa(lab: LabFixture): Promise<void> {
  for (const host of lab.hosts) await enableHaFor(lab, host);
}

/** Leaves the hosts alone again. */
export async function disableHa(lab: LabFixture): Promise<void> {
  for (const host of lab.hosts) await lab.admin.callAndWait('disableHAForHost', { hostid: lab.hostId(host) });
}

async function enableHaFor(lab: LabFixture, host: string): Promise<void> {
  const { address, username, password, certificatePem } = readBmcSettings(lab.lab.host(host).directory);
  const hostid = lab.hostId(host);
  const way = { driver: 'redfish', port: '443', fingerprint: certificateFingerprint(certificatePem) };
  await lab.admin.call('configureOutOfBandManagement', { hostid, address, username, password, ...way });
  await lab.admin.callAndWait('enableOutOfBandManagementForHost', { hostid });
  await lab.admin.callAndWait('configureHAForHost', { hostid, provider: 'KVMHAProvider' });
  await lab.admin.callAndWait('enableHAForHost', { hostid });
}
