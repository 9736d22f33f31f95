import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import type { ResourceRef } from '@durastack/contracts/resources';
import { createVolume } from '@durastack/contracts/storage/create-volume';
import { newId } from '@durastack/kit/ids/new-id';
import { insertRow, requireRow } from '@durastack/store/database/rows';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { ownerOf } from '@durastack/store/identity/access';
import { holdToLimits } from '@durastack/store/identity/limits';
import { accept } from '@durastack/store/operations/accept';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { diskSize } from './disk-size.js';

type Params = ParamsOf<typeof createVolume>;

/** Accepts a new data disk. */
@Handles(createVolume)
export class CreateVolumeHandler implements CommandHandler<typeof createVolume> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<StartedOperation> {
    const tx = autocommit(this.platform.database);
    const owner = await ownerOf(tx, call.caller, params);
    refuseAdministratorsOwn(call, params);
    const zoneId = await zoneOf(tx, params);
    const id = params.customId ?? newId();
    const name = params.name ?? `DATA-${id}`;
    const { storageId } = params;
    const pool: ResourceRef[] = storageId === undefined ? [] : [{ type: 'storage-pool', id: storageId }];
    const placed = { succeed: 'Created', undo: 'Expunged' };
    return accept(this.platform.database, {
      command: createVolume,
      caller: call.caller,
      owner,
      resource: { type: 'volume', id },
      resourceName: name,
      zoneId,
      locks: [{ type: 'volume', id }, ...pool],
      input: storageId === undefined ? {} : { storageId },
      ...(storageId === undefined ? {} : { lifecycle: placed }),
      write: async (inner) => {
        await insertRow(inner, 'volume', {
          id,
          name,
          account_id: owner.accountId,
          domain_id: owner.domainId,
          zone_id: zoneId,
          disk_offering_id: params.diskOfferingId,
          kind: 'DATADISK',
          size_bytes: await diskSize(inner, { diskOfferingId: params.diskOfferingId, sizeGib: params.size }),
          state: 'Allocated',
          created_at: new Date(),
        });
        await holdToLimits(inner, owner.accountId, ['volume', 'primary_storage']);
      },
    });
  }
}

/** To others a refused id would tell that it is somebody's. */
function refuseAdministratorsOwn(call: Call, { customId, storageId }: Params): void {
  if ((customId ?? storageId) !== undefined && call.caller.role !== 'admin')
    throw new DurastackError(
      'FORBIDDEN',
      'Only the root administrator may choose the id (customid) or the pool (storageid).',
    );
}

/** The zone that was named, or that of the pool. */
async function zoneOf(tx: Tx, { zoneId, storageId }: Params): Promise<string> {
  const pool =
    storageId === undefined
      ? undefined
      : await requireRow<{ zone_id: string }>(
          tx,
          { type: 'storage-pool', id: storageId },
          { parameter: 'storageid', where: "state <> 'Removed'" },
        );
  const zone = zoneId ?? pool?.zone_id;
  if (zone === undefined) throw new DurastackError('INVALID_INPUT', 'Give the zone of the volume (zoneid).');
  if (pool && pool.zone_id !== zone)
    throw new DurastackError('INVALID_INPUT', `The storage pool ${storageId} is not in the zone ${zone}.`);
  const row = await requireRow<{ allocation_state: string }>(tx, { type: 'zone', id: zone }, { parameter: 'zoneid' });
  if (row.allocation_state !== 'Enabled')
    throw new DurastackError('NOT_ALLOWED_IN_STATE', `The zone ${zone} is disabled for new volumes.`);
  return zone;
}
