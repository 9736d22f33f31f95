/** Whether image locks of shared directories reach from host to host, as trials found it. */
import type { Tx } from '../database/transaction.js';

/** A trial that is due: two hosts that see the directory. */
export interface DueTrial {
  readonly poolId: string;
  readonly path: string;
  readonly one: { readonly id: string; readonly name: string };
  readonly other: { readonly id: string; readonly name: string };
}

/** A good trial is repeated after this, another one sooner. */
const PROVEN_FOR_S = 86_400;
const NOT_PROVEN_FOR_S = 600;

/** Of rows `n` of host_pool with their host `h`: the last trial was made in this boot, on this mount. */
const IS_PRESENT = 'n.tried_boot_id = h.boot_id AND n.tried_mount = n.mount';
const REACHES = `h.zone_id = p.zone_id AND (p.cluster_id IS NULL OR p.cluster_id = h.cluster_id)`;

/** What hosts report of the mounts of shared directories; nothing is written while nothing has changed. */
export async function noteMounts(
  tx: Tx,
  reported: readonly {
    readonly hostId: string;
    readonly pools: readonly { readonly id: string; readonly mount?: string | undefined }[];
  }[],
): Promise<void> {
  const seen = reported.flatMap(({ hostId, pools }) =>
    pools.flatMap(({ id, mount }) => (mount === undefined ? [] : [{ hostId, poolId: id, mount }])),
  );
  if (seen.length === 0) return;
  const known = await tx.query<{ hostId: string; poolId: string; mount: string }>(
    'SELECT host_id AS hostId, pool_id AS poolId, mount FROM host_pool WHERE host_id IN (?)',
    [[...new Set(seen.map(({ hostId }) => hostId))]],
  );
  const mounts = new Map(known.map(({ hostId, poolId, mount }) => [`${hostId} ${poolId}`, mount]));
  for (const { hostId, poolId, mount } of seen)
    if (mounts.get(`${hostId} ${poolId}`) !== mount)
      await tx.execute(
        `INSERT INTO host_pool (host_id, pool_id, mount, created_at)
           SELECT h.id, p.id, ?, NOW(3) FROM host h JOIN storage_pool p ON p.id = ? AND p.kind = 'shared-mount-point' AND ${REACHES} WHERE h.id = ?
         ON DUPLICATE KEY UPDATE mount = VALUES(mount)`,
        [mount, poolId, hostId],
      );
}

/** Trials that are due, of hosts that are up: new hosts, started anew, mounted anew, or tried long ago. */
export async function readDueTrials(tx: Tx, most: number): Promise<DueTrial[]> {
  const rows = await tx.query<{ poolId: string; path: string; hostId: string; name: string }>(
    `SELECT p.id AS poolId, p.path, h.id AS hostId, h.name
       FROM host_pool n JOIN host h ON h.id = n.host_id AND h.state = 'Up' JOIN storage_pool p ON p.id = n.pool_id AND p.state = 'Up'
      WHERE (n.locks IS NULL OR NOT (${IS_PRESENT})
          OR n.tried_at < NOW(3) - INTERVAL IF(n.locks = 'proven', ${PROVEN_FOR_S}, ${NOT_PROVEN_FOR_S}) SECOND)
        AND EXISTS (SELECT 1 FROM host_pool m JOIN host o ON o.id = m.host_id AND o.state = 'Up' WHERE m.pool_id = n.pool_id AND m.host_id <> n.host_id)
      ORDER BY n.tried_at LIMIT ${most}`,
  );
  const due: DueTrial[] = [];
  for (const { poolId, path, hostId, name } of rows) {
    // One that is known to have good locks first: through it the host shares them with all others.
    const [other] = await tx.query<{ id: string; name: string }>(
      `SELECT h.id, h.name FROM host_pool n JOIN host h ON h.id = n.host_id AND h.state = 'Up'
        WHERE n.pool_id = ? AND h.id <> ? ORDER BY n.locks = 'proven' AND ${IS_PRESENT} DESC, RAND() LIMIT 1`,
      [poolId, hostId],
    );
    if (other) due.push({ poolId, path, one: { id: hostId, name }, other });
  }
  return due;
}

/** What one host of a trial found. */
export interface TriedHost {
  readonly hostId: string;
  readonly withHostId: string;
  /** As the host itself named it in the trial. */
  readonly mount: string;
}

/**
 * Writes down a trial, for both hosts; and how that leaves the pool. A failure says nothing against a partner whose
 * locks were proven with another host.
 */
export async function noteTrial(
  tx: Tx,
  poolId: string,
  trial: { readonly hosts: readonly TriedHost[]; readonly isProven: boolean; readonly detail: string },
): Promise<void> {
  const [first] = trial.hosts;
  for (const { hostId, withHostId, mount } of trial.hosts)
    await tx.execute(
      `UPDATE host_pool n JOIN host h ON h.id = n.host_id
          SET n.locks = ?, n.detail = ?, n.tried_with_host_id = ?, n.tried_boot_id = h.boot_id, n.tried_mount = ?, n.tried_at = NOW(3)
        WHERE n.host_id = ? AND n.pool_id = ? AND (? OR ? OR n.locks IS NULL OR n.locks <> 'proven' OR NOT (${IS_PRESENT}))`,
      [
        ...[trial.isProven ? 'proven' : 'not proven', trial.detail.slice(0, 1_000), withHostId, mount, hostId, poolId],
        ...[trial.isProven, hostId === first?.hostId],
      ],
    );
  await tx.execute(
    `UPDATE storage_pool p SET p.locks_tried_at = NOW(3), p.locks = IF(
         EXISTS (SELECT 1 FROM host_pool n JOIN host h ON h.id = n.host_id AND h.state = 'Up' WHERE n.pool_id = p.id
           AND NOT COALESCE(n.locks = 'proven' AND ${IS_PRESENT}, 0)), 'not proven', 'proven')
      WHERE p.id = ?`,
    [poolId],
  );
}

/**
 * Hosts that are up, for which locks of the pool are proven in their present boot and on their present mount; without
 * one of them, which is lost.
 */
export async function readHoldersOf(
  tx: Tx,
  poolId: string,
  lostHostId: string,
): Promise<{ id: string; name: string }[]> {
  return tx.query<{ id: string; name: string }>(
    `SELECT h.id, h.name FROM host_pool n JOIN host h ON h.id = n.host_id AND h.state = 'Up'
      WHERE n.pool_id = ? AND h.id <> ? AND n.locks = 'proven' AND ${IS_PRESENT} ORDER BY h.last_heartbeat_at DESC, h.id LIMIT 16`,
    [poolId, lostHostId],
  );
}
