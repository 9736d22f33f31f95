import type { StepActivity } from '../operations/step.js';

/** A volume that belongs to no machine yet, or to none any more. */
export interface VolumePorts {
  /** Takes room on the pool that was asked for, if one was. NO_CAPACITY when it has none. */
  reserveVolumeRoom: StepActivity;
  /** Gives that room back while the volume does not exist. Undo of {@link reserveVolumeRoom}. */
  releaseVolumeRoom: StepActivity;
  /** The volume exists on its pool, if it has one and does not hold data already. */
  makeVolume: StepActivity;
  /** A volume that {@link makeVolume} made, and nothing was written to, is gone. */
  unmakeVolume: StepActivity;
  /** No machine has the volume. NOT_ALLOWED_IN_STATE naming the one that has. */
  ensureVolumeFree: StepActivity;
  /** The volume is gone from its pool, its room given back. */
  removeVolume: StepActivity;
}

/** A data disk and the machine that it is attached to. */
export interface VolumeAttachmentPorts {
  /** Notes the machine and the position, and chooses a pool for a disk that has none. NO_CAPACITY with the reasons. */
  reserveAttachment: StepActivity;
  /** Forgets what {@link reserveAttachment} noted, and gives the room of a disk that does not exist back. */
  releaseAttachment: StepActivity;
  /** The machine has the disk, if it runs and the disk is noted as its own. */
  plugVolume: StepActivity;
  /** The machine has no longer the disk that was about to be attached. Undo of {@link plugVolume}. */
  unplugVolume: StepActivity;
  /** The disk is attached. */
  markAttached: StepActivity;
  /** Asks the guest for an attached disk until it lets go. NOT_ALLOWED_IN_STATE when it does not within its grace period. */
  releaseFromGuest: StepActivity;
  /** The disk belongs to no machine. */
  markDetached: StepActivity;
}

/** A volume's size. */
export interface VolumeSizePorts {
  /** Takes the room by which the volume is to grow. NO_CAPACITY when its pool has none. */
  reserveVolumeGrowth: StepActivity;
  /** Gives that room back. Undo of {@link reserveVolumeGrowth}. */
  releaseVolumeGrowth: StepActivity;
  /** The volume has the new size, also in a running machine that has it. */
  growVolume: StepActivity;
  /** Notes the new size, and the new offering. */
  markVolumeGrown: StepActivity;
}
