/** What a host needs for the networks and the storage of its zone. */
import { RBD_PACKAGES, VXLAN_PACKAGES } from '@durastack/contracts/infra/host-packages';
import type { Tx } from '@durastack/store/database/transaction';

/**
 * Debian packages that a new host needs besides those that every host needs: for VXLAN networks when its zone has numbers
 * for them, for RBD when such a pool is in its reach. A pool that comes later says itself what a host lacks.
 */
export async function readNeededPackages(tx: Tx, hostId: string): Promise<string[]> {
  const [row] = await tx.query<{ vxlan: number; rbd: number }>(
    `SELECT z.vni_first IS NOT NULL AS vxlan, EXISTS (SELECT 1 FROM storage_pool p
        WHERE p.zone_id = h.zone_id AND p.kind = 'rbd' AND p.state = 'Up' AND (p.cluster_id IS NULL OR p.cluster_id = h.cluster_id)) AS rbd
       FROM host h JOIN zone z ON z.id = h.zone_id WHERE h.id = ?`,
    [hostId],
  );
  return [
    ...(Number(row?.vxlan ?? 0) === 1 ? VXLAN_PACKAGES : []),
    ...(Number(row?.rbd ?? 0) === 1 ? RBD_PACKAGES : []),
  ];
}
