import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { detachVolume } from '@durastack/contracts/storage/detach-volume';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { readVolume, readVolumesOf, type VolumeRow } from '@durastack/store/storage/volume-row';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { acceptVolumeOperation } from './volume-operation.js';

type Params = ParamsOf<typeof detachVolume>;

/** Accepts a detachment, of the disk that is named or that is at a position. */
@Handles(detachVolume)
export class DetachVolumeHandler implements CommandHandler<typeof detachVolume> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<StartedOperation> {
    const tx = autocommit(this.platform.database);
    const volume = await this.find(tx, call, params);
    const { id, name, kind, vmId } = volume;
    if (kind !== 'DATADISK')
      throw new DurastackError('NOT_ALLOWED_IN_STATE', `${name} is the root disk of its machine and stays with it.`);
    if (vmId === null)
      throw new DurastackError('NOT_ALLOWED_IN_STATE', `The volume ${name} is attached to no virtual machine.`);
    return acceptVolumeOperation(this.platform, call, { command: detachVolume, volumeId: id, vmId });
  }

  private async find(tx: Tx, call: Call, { id, virtualMachineId, deviceId }: Params): Promise<VolumeRow> {
    if (id !== undefined) {
      await requireAccess(tx, call.caller, { type: 'volume', id });
      return readVolume(tx, id);
    }
    if (virtualMachineId === undefined || deviceId === undefined)
      throw new DurastackError('INVALID_INPUT', 'Name the volume by id, or by virtualmachineid and deviceid.');
    await requireAccess(tx, call.caller, { type: 'virtual-machine', id: virtualMachineId }, 'virtualmachineid');
    const there = (await readVolumesOf(tx, virtualMachineId)).find((volume) => volume.deviceId === deviceId);
    if (there) return there;
    throw new DurastackError('INVALID_INPUT', `The machine has no disk at position ${deviceId} (deviceid).`);
  }
}
