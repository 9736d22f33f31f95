import type { StepActivity } from '../operations/step.js';

/** Choosing a host and taking room there. */
export interface PlacementPorts {
  /** Chooses a host and a pool for the machine, claims both, reserves capacity, records them. NO_CAPACITY with the reasons. */
  reservePlacement: StepActivity;
  /** Gives back what the machine reserved of hosts, and of pools when its disk does not exist yet. */
  releasePlacement: StepActivity;
}

/** A machine's power on its host. */
export interface VmPowerPorts {
  /** The domain exists on the recorded host and runs; records that it does. */
  startVm: StepActivity;
  /** The domain is gone from the recorded host; records that, and gives its capacity back. Undo of {@link startVm}. */
  removeVmFromHost: StepActivity;
  /** Presses the power button and waits until the guest is off, or its grace period is over. */
  shutdownVm: StepActivity;
  /** No QEMU process of the machine runs on its host; records that it is off. */
  powerOffVm: StepActivity;
}

/** A machine's disks. */
export interface VmVolumePorts {
  /**
   * The root volume exists on the chosen pool, and under it the template's base image, copied there if need be; so do
   * the data disks that the machine was given before it ran anywhere.
   */
  createRootVolume: StepActivity;
  /**
   * The root volume is gone, its room given back, and so are data disks that were named to go with the machine; others
   * are left alone. A step of expunging; as undo of a deploy's
   * {@link createRootVolume} it takes the data disks that were made with the machine.
   */
  removeRootVolume: StepActivity;
  /** Data disks that were named to go with the machine are gone, their room given back; others are left alone. */
  removeChosenVolumes: StepActivity;
  /** Disks that were begun but never noted as made are gone. Undo of {@link createRootVolume} where disks hold data. */
  removeUnfinishedDisks: StepActivity;
}

/** A machine's records. */
export interface VmRecordPorts {
  /** Addresses, tags and names are given back; the machine's row stays for accounting. */
  releaseVmRecords: StepActivity;
  /** Marks when it was destroyed. */
  markVmDestroyed: StepActivity;
}
