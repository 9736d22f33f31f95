/** What an estate stands on: the first zone of the cloud, with a template and offerings. */
import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '../database/transaction.js';

/** Ids of it. */
export interface EstateGround {
  readonly zoneId: string;
  /** What the names of everything begin with. */
  readonly prefix: string;
  /** Name of the instance: devices on hosts begin with it. */
  readonly instance: string;
  readonly template: { readonly id: string; readonly sizeBytes: number };
  readonly offerings: readonly {
    readonly id: string;
    readonly cpuCount: number;
    readonly cpuMhz: number;
    readonly memoryMib: number;
  }[];
  readonly diskOffering: { readonly id: string; readonly sizeBytes: number };
}

/**
 * Looks for it.
 *
 * @throws DurastackError NOT_FOUND naming what is not there
 */
export async function findGround(
  tx: Tx,
  { instance, prefix }: Pick<EstateGround, 'instance' | 'prefix'>,
): Promise<EstateGround> {
  const [zone] = await tx.query<{ id: string }>('SELECT id FROM zone ORDER BY created_at, id LIMIT 1');
  if (!zone) throw missing('zone');
  const [template] = await tx.query<{ id: string; sizeBytes: number }>(
    `SELECT id, virtual_size_bytes AS sizeBytes FROM template
      WHERE zone_id = ? AND state = 'Ready' AND is_public ORDER BY created_at, id LIMIT 1`,
    [zone.id],
  );
  if (!template) throw missing('public template that is ready');
  const offerings = await tx.query<EstateGround['offerings'][number]>(
    'SELECT id, cpu_count AS cpuCount, cpu_mhz AS cpuMhz, memory_mib AS memoryMib FROM service_offering WHERE NOT removed AND cpu_count IS NOT NULL ORDER BY id',
  );
  if (offerings.length === 0) throw missing('service offering');
  const [disk] = await tx.query<{ id: string; sizeBytes: number }>(
    'SELECT id, size_bytes AS sizeBytes FROM disk_offering WHERE NOT removed AND NOT customized ORDER BY size_bytes, id LIMIT 1',
  );
  if (!disk) throw missing('disk offering of a size');
  return {
    ...{ zoneId: zone.id, prefix, instance, offerings },
    template: { id: template.id, sizeBytes: Number(template.sizeBytes) },
    diskOffering: { id: disk.id, sizeBytes: Number(disk.sizeBytes) },
  };
}

function missing(what: string): DurastackError {
  return new DurastackError('NOT_FOUND', `The cloud has no ${what} for an estate to stand on.`);
}
