/** Addresses of machines, and networks on hosts. */
import type { Tx } from '@durastack/store/database/transaction';
import type { Check } from './examination.js';
import { finding, type Finding } from './finding.js';
import type { Visits } from './host-visits.js';

const MOST = 500;
/** Addresses of interfaces, own and secondary. */
const ADDRESSES = `(SELECT id, vm_id, network_id, ip FROM nic
  UNION ALL SELECT o.id, o.vm_id, s.network_id, s.ip FROM nic_secondary_ip s JOIN nic o ON o.id = s.nic_id)`;
const PREFIX = "CAST(SUBSTRING_INDEX(w.cidr, '/', -1) AS UNSIGNED)";

/** Every question of this area. */
export const checkAddresses: Check = async ({ db, visits }) =>
  (await Promise.all([outside(db), duplicates(db), orphans(db), networks(db, visits)])).flat();

interface NicRow {
  readonly id: string;
  readonly vmId: string;
  readonly vmName: string | null;
  readonly ip: string;
  readonly network: string | null;
  readonly cidr: string;
}

const nicOf = ({ id, vmId }: Pick<NicRow, 'id' | 'vmId'>) => ({
  resource: { type: 'virtual-machine', id: vmId },
  where: 'database',
  place: id,
  details: { nicId: id },
});

async function outside(db: Tx): Promise<Finding[]> {
  const rows = await db.query<NicRow>(
    `SELECT n.id, n.vm_id AS vmId, v.name AS vmName, n.ip, w.name AS network, w.cidr
       FROM ${ADDRESSES} n JOIN network w ON w.id = n.network_id LEFT JOIN virtual_machine v ON v.id = n.vm_id
      WHERE INET_ATON(n.ip) IS NULL OR n.ip = w.gateway
         OR (INET_ATON(n.ip) >> (32 - ${PREFIX})) <> (INET_ATON(SUBSTRING_INDEX(w.cidr, '/', 1)) >> (32 - ${PREFIX})) LIMIT ${MOST}`,
  );
  return rows.map((row) =>
    finding('address-outside', {
      ...nicOf(row),
      what: `The address ${row.ip} of the machine ${row.vmName ?? row.vmId} cannot be one of network ${row.network} (${row.cidr})`,
    }),
  );
}

async function duplicates(db: Tx): Promise<Finding[]> {
  const rows = await db.query<{ ip: string; bridge: string; vmId: string; names: string }>(
    `SELECT n.ip, w.bridge, MIN(n.vm_id) AS vmId, GROUP_CONCAT(COALESCE(v.name, n.vm_id) ORDER BY n.vm_id SEPARATOR ', ') AS names
       FROM ${ADDRESSES} n JOIN network w ON w.id = n.network_id LEFT JOIN virtual_machine v ON v.id = n.vm_id
      GROUP BY w.zone_id, w.bridge, COALESCE(w.vlan, 0), n.ip HAVING COUNT(*) > 1 LIMIT ${MOST}`,
  );
  return rows.map(({ ip, bridge, vmId, names }) =>
    finding('address-duplicate', {
      resource: { type: 'virtual-machine', id: vmId },
      where: 'database',
      what: `The address ${ip} on bridge ${bridge} belongs to several machines: ${names}`,
      place: ip,
    }),
  );
}

async function orphans(db: Tx): Promise<Finding[]> {
  const rows = await db.query<NicRow & { state: string | null }>(
    `SELECT n.id, n.vm_id AS vmId, v.name AS vmName, v.state, n.ip, w.name AS network, w.cidr
       FROM nic n LEFT JOIN virtual_machine v ON v.id = n.vm_id LEFT JOIN network w ON w.id = n.network_id
      WHERE v.id IS NULL OR v.state = 'Expunged' OR w.id IS NULL LIMIT ${MOST}`,
  );
  const found = rows.map((row) =>
    finding('address-orphan', {
      ...nicOf(row),
      what: `The address ${row.ip} of network ${row.network ?? 'that does not exist'} is held by ${
        row.vmName === null ? `machine ${row.vmId}, which does not exist` : `the machine ${row.vmName} (${row.state})`
      }`,
    }),
  );
  return [...found, ...(await orphanedSecondaries(db))];
}

async function orphanedSecondaries(db: Tx): Promise<Finding[]> {
  const rows = await db.query<{ nicId: string; networkId: string; ip: string }>(
    `SELECT s.nic_id AS nicId, s.network_id AS networkId, s.ip
       FROM nic_secondary_ip s LEFT JOIN nic n ON n.id = s.nic_id WHERE n.id IS NULL LIMIT ${MOST}`,
  );
  return rows.map(({ nicId, networkId, ip }) =>
    finding('address-orphan', {
      resource: { type: 'network', id: networkId },
      where: 'database',
      place: `${nicId} ${ip}`,
      details: { nicId },
      what: `The address ${ip} of network ${networkId} is held by the interface ${nicId}, which does not exist`,
    }),
  );
}

async function networks(db: Tx, visits: Visits): Promise<Finding[]> {
  const recorded = await db.query<{ networkId: string; hostId: string; name: string | null; used: number }>(
    `SELECT p.network_id AS networkId, p.host_id AS hostId, w.name,
       EXISTS (SELECT 1 FROM virtual_machine v JOIN nic n ON n.vm_id = v.id AND n.network_id = p.network_id
                WHERE v.host_id = p.host_id AND v.state = 'Running') AS used
       FROM network_on_host p LEFT JOIN network w ON w.id = p.network_id`,
  );
  const found: Finding[] = [];
  const expected = new Set(recorded.map(({ networkId, hostId }) => `${networkId} ${hostId}`));
  for (const { networkId, hostId, name, used } of recorded) {
    const seen = visits.hosts.get(hostId);
    if (!seen || !('inventory' in seen) || Number(used) === 0 || seen.inventory.networks.includes(networkId)) continue;
    const what = `Machines of network ${name ?? networkId} run on host ${seen.host.name}, which does not have the network`;
    const about = { where: `host ${seen.host.name}`, place: hostId, details: { hostId } };
    found.push(finding('network-missing', { resource: { type: 'network', id: networkId }, what, ...about }));
  }
  for (const seen of visits.hosts.values()) {
    if (!('inventory' in seen)) continue;
    const { id: hostId, name } = seen.host;
    for (const networkId of seen.inventory.networks) {
      if (expected.has(`${networkId} ${hostId}`)) continue;
      const what = `Host ${name} has network ${networkId}, which is not recorded there`;
      const about = { where: `host ${name}`, place: hostId, details: { hostId } };
      found.push(finding('network-left', { resource: { type: 'network', id: networkId }, what, ...about }));
    }
  }
  return found;
}
