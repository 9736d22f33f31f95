import type { ParamsOf } from '@durastack/contracts/command';
import { deleteVlanIpRange } from '@durastack/contracts/network/delete-vlan-ip-range';
import { refuseWhileUsed, requireRow } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Removes a range of public addresses. */
@Handles(deleteVlanIpRange)
export class DeleteVlanIpRangeHandler implements CommandHandler<typeof deleteVlanIpRange> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, { id }: ParamsOf<typeof deleteVlanIpRange>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const range = { type: 'vlan-ip-range', id } as const;
      await requireRow(tx, range, { lock: 'update' });
      // Whoever takes one now finds none: what is free goes first, and is locked by it.
      await tx.execute("DELETE FROM public_ip WHERE range_id = ? AND state = 'Free'", [id]);
      await refuseWhileUsed(tx, range, [{ table: 'public_ip', where: 'range_id = ?', what: 'allocated addresses' }]);
      await tx.execute('DELETE FROM vlan_ip_range WHERE id = ?', [id]);
    });
  }
}
