/** Machines of an estate, as a deploy with `startvm=false` leaves them: a start would place them and make their disks. */
import { randomBytes } from 'node:crypto';
import { newId } from '@durastack/kit/ids/new-id';
import type { DataSource } from 'typeorm';
import { insertRows } from '../database/rows.js';
import { inBatches, newIds, type RowCount } from './batches.js';
import type { EstateGround } from './ground.js';
import type { EstateNetwork } from './networks.js';
import { ownerAt, type Tenant, type Tenants } from './tenants.js';

/** What machines are made of. */
export interface MachineOrder {
  readonly tenants: Tenants;
  readonly networks: readonly EstateNetwork[];
  readonly count: number;
  readonly volumes: number;
}

const macOf = (prefix: string, index: number) =>
  `${prefix.slice(0, 5)}:${[prefix.slice(5), ...(hex(index, 6).match(/../g) ?? [])].join(':')}`;
const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

/** CloudStack keeps 0 for the root disk and 3 for a CD. */
const deviceAt = (index: number) => (index < 2 ? index + 1 : index + 2);

interface Machine {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  readonly owner: Tenant;
  /** Disks beside the root disk. */
  readonly dataDisks: number;
}

/** Writes them, each with its disks and an interface on a network of its owner. */
export function makeMachines(source: DataSource, ground: EstateGround, order: MachineOrder): Promise<RowCount> {
  const { tenants, networks, count, volumes } = order;
  const ids = newIds(count);
  const more = volumes - count;
  const created_at = new Date();
  // Of those that are administered locally, apart from those of deploys; another part for each estate.
  const macs = `06:${randomBytes(2).toString('hex')}`;
  return inBatches(source, count, async (tx, indices) => {
    const machines = indices.map((index): Machine => ({
      ...{ index, id: ids[index]!, name: `${ground.prefix}-vm-${index + 1}` },
      owner: ownerAt(tenants, index % networks.length),
      dataDisks: Math.floor(more / count) + (index < more % count ? 1 : 0),
    }));
    const rows = machines.map((machine) => ({ ...machineRow(machine, ground), created_at }));
    const disks = machines.flatMap((machine) => diskRows(machine, ground).map((disk) => ({ ...disk, created_at })));
    const nics = machines.map((machine) => ({
      ...nicRow(machine, networks, ground),
      mac: macOf(macs, machine.index),
      created_at,
    }));
    await insertRows(tx, 'virtual_machine', rows);
    await insertRows(tx, 'volume', disks);
    await insertRows(tx, 'nic', nics);
    return rows.length + disks.length + nics.length;
  });
}

const ownedBy = ({ accountId, domainId }: Tenant, { zoneId }: EstateGround) => ({
  ...{ account_id: accountId, domain_id: domainId, zone_id: zoneId },
});

function machineRow({ index, id, name, owner }: Machine, ground: EstateGround) {
  const offering = ground.offerings[index % ground.offerings.length]!;
  return {
    ...{ id, name, display_name: name, ...ownedBy(owner, ground), user_id: owner.userId },
    instance_name: `${ground.instance}-i-${id.replaceAll('-', '').slice(-16)}`,
    ...{ template_id: ground.template.id, service_offering_id: offering.id },
    ...{ cpu_count: offering.cpuCount, cpu_mhz: offering.cpuMhz, memory_mib: offering.memoryMib },
    ...{ state: 'Stopped', desired_power: 'off', observed_power: 'absent', display_vm: 1 },
  };
}

/** The root disk first, then data disks. */
function diskRows({ id, name, owner, dataDisks }: Machine, ground: EstateGround) {
  const common = { ...ownedBy(owner, ground), vm_id: id, state: 'Allocated' };
  const { template, diskOffering } = ground;
  const root = { name: `ROOT-${name}`, kind: 'ROOT', device_id: 0, size_bytes: template.sizeBytes };
  const data = Array.from({ length: dataDisks }, (_, place) => ({
    ...{ id: newId(), ...common, name: `DATA-${place + 1}-${name}`, kind: 'DATADISK', device_id: deviceAt(place) },
    ...{ size_bytes: diskOffering.sizeBytes, template_id: null },
    ...{ disk_offering_id: diskOffering.id, attached_at: new Date() },
  }));
  return [
    { id: newId(), ...common, ...root, template_id: template.id, disk_offering_id: null, attached_at: null },
    ...data,
  ];
}

function nicRow({ index, id }: Machine, networks: readonly EstateNetwork[], { instance }: EstateGround) {
  const network = networks[index % networks.length]!;
  return {
    ...{ id: newId(), vm_id: id, network_id: network.id, is_default: 1, tap: `${instance}-${hex(index, 6)}` },
    ip: network.addressAt(Math.floor(index / networks.length)),
  };
}
