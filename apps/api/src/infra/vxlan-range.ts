import { DurastackError } from '@durastack/contracts/errors';
import { parseVniRange, type VniRange } from '@durastack/model/network/vni';
import type { Tx } from '@durastack/store/database/transaction';

/** The zone's columns for a `vxlanrange`; none when it was not given. */
export function vxlanColumns(text: string | undefined): { vni_first?: number | null; vni_last?: number | null } {
  if (text === undefined) return {};
  const range = parseVniRange(text);
  return { vni_first: range?.first ?? null, vni_last: range?.last ?? null };
}

/**
 * Takes the identifiers that a physical network says for the zone's, when the zone has none yet: clients of CloudStack
 * know no range of zones. The zone's row is locked.
 */
export async function adoptVxlanRange(
  tx: Tx,
  { zoneId, isolation, vlan }: { zoneId: string; isolation: string | undefined; vlan: string | null | undefined },
): Promise<void> {
  if (isolation?.toUpperCase() !== 'VXLAN' || !vlan || !/^\d+-\d+$/.test(vlan)) return;
  const range = parseVniRange(vlan);
  await tx.execute('UPDATE zone SET vni_first = ?, vni_last = ? WHERE id = ? AND vni_first IS NULL', [
    range?.first,
    range?.last,
    zoneId,
  ]);
}

/**
 * The zone's networks fit into a new range. The zone's row is locked, so no network takes a VNI meanwhile.
 *
 * @throws DurastackError `CONFLICT` naming one that does not
 */
export async function requireFits(tx: Tx, zoneId: string, text: string): Promise<void> {
  const { first, last }: VniRange = parseVniRange(text) ?? { first: 1, last: 0 };
  const outside = await tx.query<{ name: string; vni: number }>(
    'SELECT name, vni FROM network WHERE zone_id = ? AND vni IS NOT NULL AND vni NOT BETWEEN ? AND ? LIMIT 1',
    [zoneId, first, last],
  );
  if (outside[0])
    throw new DurastackError(
      'CONFLICT',
      `The network ${outside[0].name} has the VNI ${outside[0].vni}, which is not in ${text}; delete it first.`,
    );
}
