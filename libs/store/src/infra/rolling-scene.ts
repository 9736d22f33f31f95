/** A rolling maintenance as its rows tell it: the hosts, how their maintenance ended, and what it answers so far. */
import type { RollingChild, RollingHost, RollingScene } from '@durastack/contracts/infra/rolling-scene';
import type { Tx } from '../database/transaction.js';
import type { OperationRow } from '../operations/operation-row.js';
import { noteResult, readResult } from '../operations/step-detail.js';

/** The maintenance of one host, with when it was. */
interface RollingChildRow extends RollingChild {
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}

/** See the module's head. */
export type RollingRows = RollingScene<RollingChildRow>;

const HOSTS = `SELECT h.id, h.name, h.cluster_id AS clusterId, h.state = 'Up' AND h.allocation_state IN ('Enabled', 'Disabled') AS usable,
    h.cpu_count * h.cpu_mhz AS cpuMhz, h.memory_mib AS memoryMib,
    h.cpu_mhz_reserved AS cpuMhzReserved, h.memory_mib_reserved AS memoryMibReserved
  FROM host h`;

async function readHosts(tx: Tx, where: string, ids: readonly string[]): Promise<RollingHost[]> {
  if (ids.length === 0) return [];
  const rows = await tx.query<Record<string, unknown>>(`${HOSTS} WHERE ${where} IN (?) AND h.state <> 'Removed'`, [
    ids,
  ]);
  return rows.map((row) => ({
    id: String(row['id']),
    name: String(row['name']),
    clusterId: String(row['clusterId']),
    usable: Number(row['usable']) === 1,
    cpuMhz: Number(row['cpuMhz']),
    memoryMib: Number(row['memoryMib']),
    cpuMhzReserved: Number(row['cpuMhzReserved']),
    memoryMibReserved: Number(row['memoryMibReserved']),
  }));
}

/** Reads all of it; `hostIds` among the operation's parameters names the hosts, in order. */
export async function readRollingScene(tx: Tx, { id, input }: OperationRow): Promise<RollingRows> {
  const hostIds = (input['hostIds'] as string[] | undefined) ?? [];
  const found = new Map((await readHosts(tx, 'h.id', hostIds)).map((host) => [host.id, host]));
  const targets = hostIds.flatMap((hostId) => found.get(hostId) ?? []);
  const clusterHosts = await readHosts(tx, 'h.cluster_id', [...new Set(targets.map(({ clusterId }) => clusterId))]);
  const children = await tx.query<RollingChildRow>(
    `SELECT resource_id AS hostId, state, error_code AS errorCode, error_message AS error, started_at AS startedAt, ended_at AS endedAt
       FROM operation WHERE parent_id = ? ORDER BY child_index`,
    [id],
  );
  const result = await readResult(tx, id);
  return {
    targets,
    clusterHosts: clusterHosts.filter(({ usable }) => usable),
    children,
    skipped: (result?.['hostsSkipped'] as RollingRows['skipped'] | undefined) ?? [],
    forced: input['forced'] === true,
  };
}

/** Writes what the operation answers so far; `skip`: a host that is passed over from now on. */
export async function noteRolling(
  tx: Tx,
  operationId: string,
  {
    scene,
    skip,
  }: { readonly scene: RollingRows; readonly skip?: { readonly hostId: string; readonly reason: string } },
): Promise<void> {
  const nameOf = (hostId: string) => scene.targets.find(({ id }) => id === hostId)?.name ?? hostId;
  const skipped = [...scene.skipped, ...(skip ? [{ hostId: skip.hostId, reason: skip.reason.slice(0, 1024) }] : [])];
  const updated = scene.children.filter(({ state }) => state === 'succeeded');
  await noteResult(tx, operationId, {
    success: true,
    details: `${updated.length} of ${scene.targets.length} hosts were maintained, ${skipped.length} were passed over.`,
    hostsUpdated: updated.map(({ hostId, startedAt, endedAt }) => ({
      hostId,
      hostName: nameOf(hostId),
      startDate: startedAt?.toISOString(),
      endDate: endedAt?.toISOString(),
    })),
    hostsSkipped: skipped.map(({ hostId, reason }) => ({ hostId, hostName: nameOf(hostId), reason })),
  });
}
