/** Another size for a machine: whether it is possible, and what it takes. */
import { DurastackError } from '@durastack/contracts/errors';
import { splitTags } from '@durastack/contracts/tags';
import { growthRefusal, type MachineSize } from '@durastack/contracts/compute/growth-room';
import { sizeOf, type ChosenSize, type OfferedSize, type SizeChoice } from '@durastack/contracts/compute/machine-size';
import type { Tx } from '../database/transaction.js';
import { notFound } from '../identity/access.js';

interface OfferingRow extends OfferedSize {
  readonly id: string;
  readonly dynamicScaling: number;
  readonly hostTags: string | null;
}

type Offering = OfferingRow & ChosenSize;

/** The size that a machine is to have: an offering, and what it leaves open. */
export interface SizeTarget {
  readonly serviceOfferingId: string;
  readonly size: SizeChoice;
}

/** The machine, and the size that it is to have. */
export interface ScalePlan {
  readonly name: string;
  readonly state: string;
  /** Where it has a reservation; null: nowhere. */
  readonly hostId: string | null;
  readonly offering: Offering;
}

interface Machine extends MachineSize {
  readonly name: string;
  readonly state: string;
  readonly hostId: string | null;
  readonly hostTags: string | null;
  /** Whether it was started with room to grow, by its offering and its template. */
  readonly mayGrow: number;
}

/**
 * An offering with the size that a machine of it has.
 *
 * @throws DurastackError NOT_FOUND; INVALID_INPUT for a size that it does not offer
 */
export async function readOffering(tx: Tx, { serviceOfferingId, size }: SizeTarget): Promise<Offering> {
  const [offering] = await tx.query<OfferingRow>(
    `SELECT id, name, cpu_count AS vcpus, cpu_mhz AS cpuMhz, memory_mib AS memoryMib, min_cpu_count AS minVcpus,
       max_cpu_count AS maxVcpus, min_memory_mib AS minMemoryMib, max_memory_mib AS maxMemoryMib,
       dynamic_scaling AS dynamicScaling, host_tags AS hostTags
     FROM service_offering WHERE id = ? AND NOT removed`,
    [serviceOfferingId],
  );
  if (!offering) throw notFound('serviceofferingid', serviceOfferingId);
  return { ...offering, ...sizeOf(offering, size) };
}

/**
 * Looks at machine and offering.
 *
 * @throws DurastackError NOT_FOUND; INVALID_INPUT for a size that it does not offer; NOT_ALLOWED_IN_STATE when a running
 *   machine cannot take the size, saying why
 */
export async function planScale(tx: Tx, vmId: string, target: SizeTarget): Promise<ScalePlan> {
  const [machine] = await tx.query<Machine>(
    `SELECT v.name, v.state, v.host_id AS hostId, v.cpu_count AS vcpus, v.memory_mib AS memoryMib, h.tags AS hostTags,
       o.dynamic_scaling AND t.is_dynamically_scalable AS mayGrow
     FROM virtual_machine v JOIN service_offering o ON o.id = v.service_offering_id JOIN template t ON t.id = v.template_id
       LEFT JOIN host h ON h.id = v.host_id WHERE v.id = ?`,
    [vmId],
  );
  if (!machine) throw notFound('id', vmId);
  const offering = await readOffering(tx, target);
  const refusal = refusalOf(machine, offering);
  if (refusal !== undefined) throw new DurastackError('NOT_ALLOWED_IN_STATE', `${machine.name} ${refusal}.`);
  const { name, state, hostId } = machine;
  return { name, state, hostId, offering };
}

function refusalOf(machine: Machine, offering: Offering): string | undefined {
  if (machine.state === 'Stopped') return undefined;
  if (machine.state !== 'Running') return `is ${machine.state}; machines are scaled when they are Running or Stopped`;
  if (Number(machine.mayGrow) !== 1)
    return 'does not grow while it runs: neither its offering nor its template may leave that out; stop it first';
  if (offering.dynamicScaling !== 1)
    return `cannot take the offering ${offering.name} while it runs, which has a fixed size; stop it first`;
  const missing = splitTags(offering.hostTags).filter((tag) => !splitTags(machine.hostTags).includes(tag));
  if (missing.length > 0)
    return `runs on a host without the tag ${missing.join(', ')} of ${offering.name}; stop it first`;
  const why = growthRefusal(machine, offering);
  return why === undefined ? undefined : `runs, ${why}; stop it first`;
}

/** Writes the new size. */
export async function writeSize(tx: Tx, vmId: string, { id, vcpus, cpuMhz, memoryMib }: Offering): Promise<void> {
  await tx.execute(
    `UPDATE virtual_machine SET service_offering_id = ?, cpu_count = ?, cpu_mhz = ?, memory_mib = ?,
       ha_priority = IF(ha_priority > (SELECT o.ha_priority FROM service_offering o WHERE o.id = ?), NULL, ha_priority)
      WHERE id = ?`,
    [id, vcpus, cpuMhz, memoryMib, id, vmId],
  );
}
