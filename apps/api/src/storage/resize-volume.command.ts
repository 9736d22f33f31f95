import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { resizeVolume } from '@durastack/contracts/storage/resize-volume';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { holdToLimits } from '@durastack/store/identity/limits';
import { requireGrowth } from '@durastack/store/storage/growth';
import { readVolume, type VolumeRow } from '@durastack/store/storage/volume-row';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { diskSize } from './disk-size.js';
import { acceptVolumeOperation } from './volume-operation.js';

type Params = ParamsOf<typeof resizeVolume>;

/** Accepts a resize: of a root disk to a size, of a data disk by what its offering allows. */
@Handles(resizeVolume)
export class ResizeVolumeHandler implements CommandHandler<typeof resizeVolume> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<StartedOperation> {
    const tx = autocommit(this.platform.database);
    const owner = await requireAccess(tx, call.caller, { type: 'volume', id: params.id });
    const volume = await readVolume(tx, params.id);
    const sizeBytes = await newSize(tx, volume, params);
    const { diskOfferingId } = params;
    return acceptVolumeOperation(this.platform, call, {
      command: resizeVolume,
      volumeId: volume.id,
      vmId: volume.vmId,
      input: { sizeBytes, ...(diskOfferingId === undefined ? {} : { diskOfferingId }) },
      check: async (inner, present) => {
        requireGrowth(present, sizeBytes);
        const growth = sizeBytes - Number(present.sizeBytes);
        await holdToLimits(inner, owner.accountId, ['primary_storage'], { primary_storage: growth });
      },
    });
  }
}

const GIB = 1024 ** 3;

async function newSize(tx: Tx, volume: VolumeRow, { size, diskOfferingId }: Params): Promise<number> {
  if (size === undefined && diskOfferingId === undefined)
    throw new DurastackError(
      'INVALID_INPUT',
      'Give the new size in GiB (size), or another disk offering (diskofferingid).',
    );
  if (volume.kind === 'ROOT') {
    if (diskOfferingId !== undefined || size === undefined)
      throw new DurastackError('INVALID_INPUT', 'A root disk has no disk offering: give its new size in GiB (size).');
    return size * GIB;
  }
  const offering = diskOfferingId ?? volume.diskOfferingId;
  if (offering === null) return (size ?? 0) * GIB;
  return diskSize(tx, { diskOfferingId: offering, sizeGib: size, isOwn: offering === volume.diskOfferingId });
}
