/** What proofs are judged from, as it is stored. */
import type { SuspectDisk, SuspectVm } from '@durastack/model/ha/proof-evidence';
import type { Tx } from '@durastack/store/database/transaction';

/** A row of host_fence; moments in milliseconds since 1970 by the database's clock. */
export interface FenceRow {
  readonly nowMs: number;
  readonly bootIdBefore: string | null;
  readonly declaredLostBy: string | null;
  readonly declaredLostAtMs: number | null;
}

const ms = (moment: string) => `ROUND(UNIX_TIMESTAMP(${moment}) * 1000)`;

/** What is known of a host that is fenced; undefined: it is not. */
export async function readFenceRow(tx: Tx, hostId: string): Promise<FenceRow | undefined> {
  const [row] = await tx.query<FenceRow>(
    `SELECT ${ms('NOW(3)')} AS nowMs, boot_id_before AS bootIdBefore, declared_lost_by AS declaredLostBy, ${ms('declared_lost_at')} AS declaredLostAtMs
       FROM host_fence WHERE host_id = ?`,
    [hostId],
  );
  if (!row) return undefined;
  const at = row.declaredLostAtMs;
  return { ...row, nowMs: Number(row.nowMs), declaredLostAtMs: at === null ? null : Number(at) };
}

/**
 * Machines with their disks. A volume on its way to another pool is a disk on each of the two: the machine may write to
 * the one or the other.
 */
export async function readSuspectVms(tx: Tx, hostId: string, vmIds: readonly string[]): Promise<SuspectVm[]> {
  if (vmIds.length === 0) return [];
  const rows = await tx.query<SuspectDisk & { vmId: string; name: string; volumeId: string | null }>(
    `SELECT v.id AS vmId, v.name, d.id AS volumeId, p.id AS poolId, p.name AS poolName, p.kind AS poolKind,
       IF(n.tried_boot_id = f.boot_id_before AND n.tried_mount = n.mount, n.locks, NULL) AS locks
     FROM virtual_machine v
       LEFT JOIN (volume d LEFT JOIN volume_copy c ON c.volume_id = d.id JOIN storage_pool p ON p.id IN (d.pool_id, c.source_pool_id, c.target_pool_id))
         ON d.vm_id = v.id AND d.state NOT IN ('Expunged', 'Allocated')
       LEFT JOIN host_pool n ON n.host_id = ? AND n.pool_id = p.id LEFT JOIN host_fence f ON f.host_id = n.host_id
      WHERE v.id IN (?) ORDER BY v.id, d.id, p.id`,
    [hostId, vmIds],
  );
  const found = new Map<string, { vmId: string; name: string; disks: SuspectDisk[] }>();
  for (const { vmId, name, ...disk } of rows) {
    const vm = found.get(vmId) ?? { vmId, name, disks: [] };
    if (disk.volumeId !== null) vm.disks.push(disk);
    found.set(vmId, vm);
  }
  return [...found.values()];
}
