/** Another size for a machine: whether it is possible, and what it takes. */
import { DurastackError } from '@durastack/contracts/errors';
import { splitTags } from '@durastack/contracts/tags';
import { growthRefusal, type MachineSize } from '@durastack/contracts/compute/growth-room';
import type { Tx } from '../database/transaction.js';
import { notFound } from '../identity/access.js';

interface Offering extends MachineSize {
  readonly id: string;
  readonly name: string;
  readonly cpuMhz: number;
  readonly dynamicScaling: number;
  readonly hostTags: string | null;
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
 * Looks at machine and offering.
 *
 * @throws DurastackError NOT_FOUND; NOT_ALLOWED_IN_STATE when a running machine cannot take the size, saying why
 */
export async function planScale(tx: Tx, vmId: string, serviceOfferingId: string): Promise<ScalePlan> {
  const [machine] = await tx.query<Machine>(
    `SELECT v.name, v.state, v.host_id AS hostId, v.cpu_count AS vcpus, v.memory_mib AS memoryMib, h.tags AS hostTags,
       o.dynamic_scaling AND t.is_dynamically_scalable AS mayGrow
     FROM virtual_machine v JOIN service_offering o ON o.id = v.service_offering_id JOIN template t ON t.id = v.template_id
       LEFT JOIN host h ON h.id = v.host_id WHERE v.id = ?`,
    [vmId],
  );
  if (!machine) throw notFound('id', vmId);
  const [offering] = await tx.query<Offering>(
    `SELECT id, name, cpu_count AS vcpus, cpu_mhz AS cpuMhz, memory_mib AS memoryMib, dynamic_scaling AS dynamicScaling, host_tags AS hostTags
     FROM service_offering WHERE id = ? AND NOT removed`,
    [serviceOfferingId],
  );
  if (!offering) throw notFound('serviceofferingid', serviceOfferingId);
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
