/** Adds the lab's hosts to the cloud as a user would: over SSH, with the fingerprint of each host's key. */
import { readFileSync } from 'node:fs';
import type { ApiClient } from '../api/api-client.js';
import { rows, type Row } from '../first-cloud/ensure.js';
import { sshFingerprint } from './host/prepare.js';
import type { Lab, LabHost } from './lab-file.js';

/** Where hosts are added. */
export interface Place {
  readonly zoneid: string;
  readonly podid: string;
  readonly clusterid: string;
}

/** Adds one unless it is there. @returns its row */
export async function addLabHost(api: ApiClient, lab: Lab, host: LabHost, place: Place): Promise<Row> {
  const known = (await listLabHosts(api)).find((row) => row['ipaddress'] === addressOf(host));
  if (known !== undefined && known['state'] !== 'Error') return known;
  const reply = await api.callAndWait('addHost', {
    ...place,
    hypervisor: 'KVM',
    url: `ssh://${addressOf(host)}`,
    tunneladdress: host.plan.cables.underlay.address,
    username: 'root',
    sshprivatekey: readFileSync(lab.home.sshKeyFile, 'utf8'),
    fingerprint: await sshFingerprint(host),
  });
  return rows(reply)[0] ?? {};
}

/** All hosts that the API knows. */
export async function listLabHosts(api: ApiClient): Promise<Row[]> {
  return rows(await api.call('listHosts', { type: 'Routing' }));
}

/** Where the control plane finds a host. */
export function addressOf({ plan }: LabHost): string {
  return plan.cables.management.address;
}
