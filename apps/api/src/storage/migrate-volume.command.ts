import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import type { ResourceRef } from '@durastack/contracts/resources';
import { migrateVolume } from '@durastack/contracts/storage/migrate-volume';
import { judgeMove, judgeTarget } from '@durastack/model/storage/judge-move';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { notFound, requireAccess } from '@durastack/store/identity/access';
import { accept } from '@durastack/store/operations/accept';
import { readMoveTargets, readVolumeToMove } from '@durastack/store/storage/volume-move';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { invalid } from '../face/text-faults.js';
import { Platform } from '../platform.js';

type Params = ParamsOf<typeof migrateVolume>;

/** Accepts the move of a volume. What cannot be is refused at once; the first step looks again when its turn has come. */
@Handles(migrateVolume)
export class MigrateVolumeHandler implements CommandHandler<typeof migrateVolume> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<StartedOperation> {
    if (params.newDiskOfferingId !== undefined)
      throw invalid('newDiskOfferingId', 'A move keeps the disk offering; change it by resizeVolume.');
    const volume: ResourceRef = { type: 'volume', id: params.volumeId };
    const tx = autocommit(this.platform.database);
    const owner = await requireAccess(tx, call.caller, volume, 'volumeId');
    const { name, zoneId, machine } = await readVolumeToMove(tx, volume.id);
    return accept(this.platform.database, {
      command: migrateVolume,
      caller: call.caller,
      owner,
      resource: volume,
      resourceName: name,
      zoneId,
      locks: [
        volume,
        { type: 'storage-pool', id: params.storageId },
        ...(machine ? [{ type: 'virtual-machine', id: machine.id } as const] : []),
      ],
      input: { poolId: params.storageId, live: params.liveMigrate === true, vmId: machine?.id ?? null },
      write: (inner) => check(inner, params),
    });
  }
}

async function check(tx: Tx, { volumeId, storageId, liveMigrate = false }: Params): Promise<void> {
  const volume = await readVolumeToMove(tx, volumeId);
  const [target] = await readMoveTargets(tx, volume, storageId);
  if (!target) throw notFound('storageId', storageId);
  // What an operation that is under way makes of it is judged when this one's turn has come.
  if (await hasOperation(tx, [volumeId, ...(volume.machine ? [volume.machine.id] : [])])) return;
  const reason = judgeMove(volume, liveMigrate);
  if (reason !== undefined) throw new DurastackError('NOT_ALLOWED_IN_STATE', reason);
  const refusal = judgeTarget(volume, target);
  if (refusal === undefined) return;
  const details = { parameter: 'storageId' };
  throw new DurastackError(refusal.code, `The pool ${target.name} ${refusal.text}.`, { details });
}

async function hasOperation(tx: Tx, ids: readonly string[]): Promise<boolean> {
  const rows = await tx.query('SELECT 1 FROM operation_lock WHERE resource_id IN (?) LIMIT 1', [ids]);
  return rows.length > 0;
}
