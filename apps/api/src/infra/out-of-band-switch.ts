/** Whether management controllers are used: per host, and for all of a cluster or zone. */
import { DurastackError, invariant } from '@durastack/contracts/errors';
import { requireRow, updateRow } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { readController, showController, type ShownController } from '@durastack/store/oobm/controller-rows';
import type { DataSource } from 'typeorm';

/** Enables or disables one host's. NOT_FOUND when none is configured. */
export function switchHostManagement(source: DataSource, hostId: string, enabled: boolean): Promise<ShownController> {
  return transaction(source, async (tx) => {
    await requireRow(tx, { type: 'host', id: hostId }, { parameter: 'hostid', where: "state <> 'Removed'" });
    await tx.execute('UPDATE out_of_band_management SET enabled = ? WHERE host_id = ?', [enabled, hostId]);
    const row = await readController(tx, hostId);
    if (row) return showController(row);
    throw new DurastackError(
      'NOT_FOUND',
      `Host ${hostId} has no management controller configured; configureOutOfBandManagement does that.`,
    );
  });
}

/** Lets those of a cluster be used again, or not. */
export function switchClusterManagement(source: DataSource, id: string, enabled: boolean): Promise<ShownController> {
  return switchAll(source, { type: 'cluster', id }, enabled);
}

/** Lets those of a zone be used again, or not. */
export function switchZoneManagement(source: DataSource, id: string, enabled: boolean): Promise<ShownController> {
  return switchAll(source, { type: 'zone', id }, enabled);
}

function switchAll(
  source: DataSource,
  place: { readonly type: 'cluster' | 'zone'; readonly id: string },
  enabled: boolean,
): Promise<ShownController> {
  return transaction(source, async (tx) => {
    const row = await requireRow<{ name: string }>(tx, place, { parameter: `${place.type}id` });
    invariant(typeof row.name === 'string', `The ${place.type} ${place.id} has no name.`);
    await updateRow(tx, place, { out_of_band_management_disabled: !enabled });
    const word = enabled ? 'are used again, where they are enabled for their host' : 'are not used any more';
    const description = `The management controllers of the ${place.type} ${row.name} ${word}.`;
    return { powerState: enabled ? 'Unknown' : 'Disabled', enabled, status: true, description };
  });
}
