import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listNics } from '@durastack/contracts/network/list-nics';
import { netmaskOf } from '@durastack/contracts/network/netmask';
import { autocommit } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { readSecondaryIps } from '@durastack/store/network/secondary-ips';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

type NicView = ResultOf<typeof listNics>;
type NicRow = Omit<NicView, 'isDefault' | 'trafficType' | 'secondaryIp'> & {
  readonly isDefault: number;
  readonly cidr: string | null;
  readonly gateway: string | null;
};

/** Lists the network interfaces of a virtual machine. There are few. */
@Handles(listNics)
export class ListNicsHandler implements CommandHandler<typeof listNics> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof listNics>): Promise<NicView[]> {
    const tx = autocommit(this.platform.database);
    const { virtualMachineId, nicId, networkId } = params;
    await requireAccess(tx, call.caller, { type: 'virtual-machine', id: virtualMachineId }, 'virtualmachineid');
    const rows = await tx.query<NicRow>(
      `SELECT n.id, n.vm_id AS virtualMachineId, n.network_id AS networkId, w.name AS networkName, n.mac AS macAddress,
         n.is_default AS isDefault, w.kind AS type, n.ip AS ipAddress, w.cidr, w.gateway
         FROM nic n JOIN network w ON w.id = n.network_id WHERE n.vm_id = ? ORDER BY n.is_default DESC, n.id`,
      [virtualMachineId],
    );
    const further = await readSecondaryIps(tx, virtualMachineId);
    const same = (wanted: string | undefined, is: string) => wanted === undefined || wanted === is;
    return rows
      .filter(({ id, networkId: network }) => same(nicId, id) && same(networkId, network))
      .map(({ cidr, gateway, ipAddress, isDefault, ...nic }) => ({
        ...nic,
        isDefault: isDefault === 1,
        trafficType: 'Guest',
        secondaryIp: further.flatMap(({ id, nicId: of, ip }) => (of === nic.id ? { id, ipAddress: ip } : [])),
        // What is on a network without addresses has one for its place alone.
        ...(nic.type === 'L2' ? {} : { ipAddress, ...(gateway === null ? {} : { gateway }) }),
        ...(nic.type === 'L2' || cidr === null ? {} : { netmask: netmaskOf(cidr) }),
      }));
  }
}
