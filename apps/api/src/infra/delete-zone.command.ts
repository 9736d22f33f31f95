import type { ParamsOf } from '@durastack/contracts/command';
import { deleteZone } from '@durastack/contracts/infra/delete-zone';
import { refuseWhileUsed, requireRow, type Obstacle } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { forgetDescriptions } from '@durastack/store/identity/described';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

const OBSTACLES: readonly Obstacle[] = [
  { table: 'pod', where: 'zone_id = ?', what: 'pods' },
  { table: 'virtual_machine', where: "zone_id = ? AND state <> 'Expunged'", what: 'virtual machines' },
  { table: 'volume', where: "zone_id = ? AND state <> 'Expunged'", what: 'volumes' },
  { table: 'network', where: "zone_id = ? AND state <> 'Removed'", what: 'networks' },
  { table: 'vlan_ip_range', where: 'zone_id = ?', what: 'ranges of public addresses' },
  { table: 'physical_network', where: 'zone_id = ?', what: 'physical networks' },
  { table: 'template', where: "zone_id = ? AND state <> 'Removed'", what: 'templates and ISOs' },
  { table: 'storage_pool', where: "zone_id = ? AND state <> 'Removed'", what: 'storage pools' },
  { table: 'image_store', where: 'zone_id = ? AND NOT removed', what: 'image stores' },
];

/** Removes a zone that is empty. */
@Handles(deleteZone)
export class DeleteZoneHandler implements CommandHandler<typeof deleteZone> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof deleteZone>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const zone = { type: 'zone', id: params.id } as const;
      await requireRow(tx, zone, { lock: 'update' });
      await refuseWhileUsed(tx, zone, OBSTACLES);
      await tx.execute("DELETE FROM dedication WHERE resource_type = 'zone' AND resource_id = ?", [params.id]);
      await forgetDescriptions(tx, zone);
      await tx.execute('DELETE FROM zone WHERE id = ?', [params.id]);
    });
  }
}
