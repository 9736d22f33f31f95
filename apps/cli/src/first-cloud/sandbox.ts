/** What integration suites of CloudStack's clients expect beyond a zone with hosts. */
import { DurastackError } from '@durastack/contracts/errors';
import type { ApiClient } from '../api/api-client.js';
import { ensure, idOf, rows } from './ensure.js';

/** As in CloudStack's own simulator; in this profile alone. */
const ADMIN = { username: 'admin', password: 'password' };

const PROJECT = 'terraform';

/** Simulated routers reach nothing, so these are private ones. */
const PUBLIC_ADDRESSES = {
  ...{ gateway: '172.20.0.1', netmask: '255.255.0.0', startip: '172.20.1.1', endip: '172.20.4.250' },
  vlan: 'untagged',
};

async function ensurePublicAddresses(api: ApiClient): Promise<void> {
  const zoneid = idOf(rows(await api.call('listZones'))[0]);
  if (rows(await api.call('listVlanIpRanges', { zoneid })).length > 0) return;
  await api.callAndWait('createVlanIpRange', { zoneid, forvirtualnetwork: 'true', ...PUBLIC_ADDRESSES });
}

/** Makes it, once: what users change afterwards stays. Repeating it after an interruption is safe. */
export async function furnishSandbox(api: ApiClient): Promise<void> {
  const user = rows(await api.call('listUsers', { username: ADMIN.username }))[0];
  if (user === undefined) throw new DurastackError('BUG', 'The API knows no user admin.');
  // After an interrupted start it has the password already.
  const passwords = { password: ADMIN.password, currentpassword: ADMIN.password };
  await api.callAndWait('updateUser', { id: idOf(user), ...passwords });
  await ensure(api, 'Project', PROJECT, { displaytext: PROJECT });
  await ensurePublicAddresses(api);
}
