import { listVirtualMachines } from '@durastack/contracts/compute/list-virtual-machines';
import { osTypeOf } from '@durastack/contracts/compute/os-types';
import { netmaskOf } from '@durastack/contracts/network/netmask';
import { haPriorityOf } from '../../compute/ha-priority.js';
import { JOB_COLUMNS, OWNED, OWNER_COLUMNS, OWNER_JOINS, whether } from '../engine/columns.js';
import { defineList } from '../engine/define-list.js';
import { likePattern, raw, sql } from '../engine/sql.js';

/** Pairs of id and address, as one column: text in MariaDB, an array in MySQL. */
function toSecondaryIps(column: unknown): { id: string; ipAddress: string }[] {
  if (column === null || column === undefined) return [];
  const pairs = (typeof column === 'string' ? JSON.parse(column) : column) as string[];
  return pairs.sort().map((pair) => {
    const [id = '', ipAddress = ''] = pair.split(' ');
    return { id, ipAddress };
  });
}

/** Virtual machines. */
export const virtualMachines = defineList({
  command: listVirtualMachines,
  resource: 'virtual-machine',
  table: 'virtual_machine',
  joins: [
    ...OWNER_JOINS,
    'LEFT JOIN zone z ON z.id = b.zone_id',
    'LEFT JOIN host h ON h.id = b.host_id',
    'LEFT JOIN template t ON t.id = b.template_id',
    'LEFT JOIN template cd ON cd.id = b.iso_id',
    'LEFT JOIN service_offering so ON so.id = b.service_offering_id',
    'LEFT JOIN user u ON u.id = b.user_id',
    'LEFT JOIN user_data ud ON ud.id = b.user_data_id',
    'LEFT JOIN instance_group ig ON ig.account_id = b.account_id AND ig.name = b.group_name',
  ],
  where: "b.state <> 'Expunged'",
  scope: OWNED,
  columns: {
    id: 'b.id',
    name: 'b.name',
    displayName: 'b.display_name',
    instanceName: 'b.instance_name',
    ...OWNER_COLUMNS,
    userId: 'b.user_id',
    userName: 'u.username',
    created: 'b.created_at',
    state: 'b.state',
    haEnable: 'IFNULL(so.offer_ha, 0)',
    haPriority: haPriorityOf('b', 'so'),
    displayVm: 'b.display_vm',
    group: 'b.group_name',
    groupId: 'ig.id',
    zoneId: 'b.zone_id',
    zoneName: 'z.name',
    hostId: 'b.host_id',
    hostName: 'h.name',
    hypervisor: 'COALESCE(h.hypervisor, t.hypervisor)',
    templateId: 'b.template_id',
    templateName: 't.name',
    templateDisplayText: 't.display_text',
    templateFormat: 'UPPER(t.format)',
    isoId: 'b.iso_id',
    isoName: 'cd.name',
    isoDisplayText: 'cd.display_text',
    passwordEnabled: 'IFNULL(t.password_enabled, 0)',
    osTypeId: 't.os_type_id',
    guestOsId: 't.os_type_id',
    serviceOfferingId: 'b.service_offering_id',
    serviceOfferingName: 'so.name',
    cpuNumber: 'b.cpu_count',
    cpuSpeed: 'b.cpu_mhz',
    memory: 'b.memory_mib',
    keyPairs: 'b.key_pair_names',
    keyPair: 'b.key_pair_names',
    userDataId: 'b.user_data_id',
    userDataName: 'ud.name',
    isDynamicallyScalable: 'IFNULL(so.dynamic_scaling AND t.is_dynamically_scalable, 0)',
    ...JOB_COLUMNS,
  },
  extra: { osTypeRef: 't.os_type_id' },
  map: ({ osTypeRef }) => {
    const osType = osTypeOf(osTypeRef as string | null);
    return {
      rootDeviceId: 0,
      rootDeviceType: 'ROOT',
      securityGroup: [],
      ...(osType ? { osDisplayName: osType.name } : {}),
    };
  },
  filters: {
    name: 'b.name',
    state: (state) =>
      state.toLowerCase() === 'present' ? raw("b.state NOT IN ('Destroyed', 'Expunging')") : sql`b.state = ${state}`,
    zoneId: 'b.zone_id',
    podId: (id) => sql`b.host_id IN (SELECT id FROM host WHERE pod_id = ${id})`,
    clusterId: (id) => sql`b.host_id IN (SELECT id FROM host WHERE cluster_id = ${id})`,
    hostId: 'b.host_id',
    networkId: (id) => sql`b.id IN (SELECT vm_id FROM nic WHERE network_id = ${id})`,
    affinityGroupId: (id) => sql`b.id IN (SELECT vm_id FROM affinity_group_member WHERE group_id = ${id})`,
    templateId: 'b.template_id',
    isoId: 'b.iso_id',
    serviceOfferingId: 'b.service_offering_id',
    storageId: (id) => sql`b.id IN (SELECT vm_id FROM volume WHERE pool_id = ${id})`,
    userId: 'b.user_id',
    userDataId: 'b.user_data_id',
    group: 'b.group_name',
    groupId: (id) =>
      sql`(b.account_id, b.group_name) IN (SELECT g.account_id, g.name FROM instance_group g WHERE g.id = ${id})`,
    keyPair: (name) => sql`CONCAT(',', b.key_pair_names, ',') LIKE ${likePattern(`,${name},`)}`,
    hypervisor: (name) => sql`b.template_id IN (SELECT id FROM template WHERE hypervisor = ${name})`,
    displayVm: whether('b.display_vm'),
    haEnable: whether('b.service_offering_id IN (SELECT id FROM service_offering WHERE offer_ha)'),
    details: 'accepted',
    isVnf: 'accepted',
    forVirtualNetwork: 'accepted',
  },
  keyword: ['b.name', 'b.display_name', 'b.instance_name'],
  tagged: 'virtual-machine',
  detailed: 'virtual-machine',
  children: [
    {
      field: 'nic',
      columns: {
        id: 'n.id',
        networkId: 'n.network_id',
        networkName: 'w.name',
        macAddress: 'n.mac',
        ipAddress: "IF(w.kind = 'L2', NULL, n.ip)",
        gateway: "IF(w.kind = 'L2', NULL, w.gateway)",
        isDefault: 'n.is_default',
        type: 'w.kind',
        cidr: "IF(w.kind = 'L2', NULL, w.cidr)",
        further: `(SELECT JSON_ARRAYAGG(CONCAT(s.id, ' ', s.ip)) FROM nic_secondary_ip s WHERE s.nic_id = n.id)`,
      },
      from: 'nic n LEFT JOIN network w ON w.id = n.network_id',
      parent: 'n.vm_id',
      order: 'n.vm_id, n.is_default DESC, n.id',
      map: ({ cidr, further }, index) => ({
        deviceId: String(index),
        trafficType: 'Guest',
        secondaryIp: toSecondaryIps(further),
        ...(typeof cidr === 'string' ? { netmask: netmaskOf(cidr) } : {}),
      }),
    },
    {
      field: 'affinityGroup',
      columns: { id: 'g.id', name: 'g.name', type: 'g.type', description: 'g.description' },
      from: 'affinity_group_member m JOIN affinity_group g ON g.id = m.group_id',
      parent: 'm.vm_id',
      order: 'm.vm_id, g.name',
    },
  ],
  finish: ({ nic: nics }) => {
    const nic = nics as { ipAddress?: string }[] | undefined;
    const address = nic?.[0]?.ipAddress;
    return address === undefined ? {} : { ipAddress: address };
  },
  rootOnly: ['instanceName', 'hostId', 'hostName'],
});
