/** What keeps a new network's frames apart from those of others: nothing, a VLAN, or VXLAN tunnels. */
import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import type { createNetwork } from '@durastack/contracts/network/create-network';
import { SHARED_VXLAN_OFFERING } from '@durastack/contracts/network/network-offerings';
import { chooseVni, parseVni } from '@durastack/model/network/vni';
import type { Tx } from '@durastack/store/database/transaction';

type Params = Pick<ParamsOf<typeof createNetwork>, 'vlan' | 'driver' | 'privateMtu'>;

/** What is asked for, as far as it can be told without the zone. */
export interface AskedSegment {
  readonly driver: 'bridge' | 'ovs';
  readonly vlan: number | null;
  /** Present for a VXLAN network; with the VNI when one was asked for. */
  readonly vxlan?: { readonly vni?: number };
  readonly mtu: number;
}

/** A zone's range of VNIs, as its row has it. */
export interface ZoneVnis {
  readonly id: string;
  readonly vniFirst: number | null;
  readonly vniLast: number | null;
}

const MTU = { least: 1280, most: 9000, plain: 1500, vxlan: 1450 };

/** What of an offering decides about it. */
export interface SegmentRules {
  readonly guestIpType: string;
  readonly specifyVlan: boolean;
}

/** Reads what is asked for. INVALID_INPUT when it does not fit together. */
export function segmentOf(params: Params, { guestIpType, specifyVlan }: SegmentRules): AskedSegment {
  const { vlan, driver } = params;
  if (specifyVlan && guestIpType !== 'Shared' && vlan === undefined)
    throw new DurastackError('INVALID_INPUT', 'Networks of this offering need a vlan.');
  const isVxlan = guestIpType === 'Shared' ? !specifyVlan : vlan === undefined || /^vxlan:/i.test(vlan);
  const mtu = mtuOf(params, isVxlan ? MTU.vxlan : MTU.plain);
  if (!isVxlan) {
    const own = guestIpType === 'Shared' ? (driver ?? 'bridge') : 'ovs';
    return { driver: own, vlan: vlanOf({ vlan, driver: own }), mtu };
  }
  if (driver === 'bridge')
    throw new DurastackError('INVALID_INPUT', 'A VXLAN network needs driver=ovs: Linux bridges have no tunnels.');
  return { driver: 'ovs', vlan: null, vxlan: vlan === undefined ? {} : { vni: parseVni(vlan) }, mtu };
}

/**
 * The VNI of a new network. The zone's row is locked: two networks never choose at the same time.
 *
 * @throws DurastackError `INVALID_INPUT` for a zone without VXLAN, `CONFLICT` when the VNI is taken
 */
export async function takeVni(tx: Tx, zone: ZoneVnis, asked: number | undefined): Promise<number> {
  const { vniFirst: first, vniLast: last } = zone;
  if (first === null || last === null)
    throw new DurastackError(
      'INVALID_INPUT',
      'The zone has no VXLAN networks; give it a vxlanrange with updateZone, or a physical network with isolationmethods=VXLAN and vlan=FIRST-LAST.',
    );
  const rows = await tx.query<{ vni: number }>('SELECT vni FROM network WHERE zone_id = ? AND vni IS NOT NULL', [
    zone.id,
  ]);
  return chooseVni({ first, last }, new Set(rows.map(({ vni }) => Number(vni))), asked);
}

function mtuOf({ privateMtu }: Params, normal: number): number {
  const mtu = privateMtu ?? normal;
  if (mtu >= MTU.least && mtu <= MTU.most) return mtu;
  throw new DurastackError('INVALID_INPUT', `privatemtu ${mtu} is not between ${MTU.least} and ${MTU.most}.`);
}

function vlanOf({ vlan, driver }: Pick<Params, 'vlan' | 'driver'>): number | null {
  if (vlan === undefined || /^(vlan:\/\/)?untagged$/i.test(vlan)) return null;
  if (/^vxlan:/i.test(vlan)) {
    const { name, id } = SHARED_VXLAN_OFFERING;
    throw new DurastackError('INVALID_INPUT', `vlan ${vlan} needs the network offering ${name} (${id}).`);
  }
  const tag = Number(/^(?:vlan:\/\/)?(\d+)$/i.exec(vlan)?.[1]);
  if (!(tag >= 1 && tag <= 4094))
    throw new DurastackError('INVALID_INPUT', `vlan ${vlan} is neither 1 to 4094 nor untagged.`);
  if (driver !== 'ovs')
    throw new DurastackError('INVALID_INPUT', 'A VLAN needs driver=ovs: Linux bridges of this product are untagged.');
  return tag;
}
