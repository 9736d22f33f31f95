import type { StepActivity } from '../operations/step.js';

/** Emptying a host for maintenance, and ending that. */
export interface HostMaintenancePorts {
  /** The host takes no new machines. NOT_ALLOWED_IN_STATE when it is in maintenance already, or does not answer. */
  closeHost: StepActivity;
  /** It takes them again, as before {@link closeHost}. */
  reopenHost: StepActivity;
  /** Finds out that every machine could leave now. CONFLICT naming those that cannot, and why. */
  checkDrain: StepActivity;
  /** Asks every machine to leave, so many at a time, until none is there. CONFLICT naming those that cannot. */
  drainHost: StepActivity;
  /** Machines that have not begun to leave stay; those on their way are waited for. */
  stopDrain: StepActivity;
  /** The empty host is in maintenance. */
  enterMaintenance: StepActivity;
  /** A preparation that is under way is cancelled and waited for; the host takes machines again. */
  leaveMaintenance: StepActivity;
}

/** The whole maintenance of a host, with its owner's scripts. Each is passed over when the host has none. */
export interface HostMaintenanceHookPorts {
  /** Runs PreFlight. NOT_ALLOWED_IN_STATE when it says that the host is to be passed over. */
  runPreFlight: StepActivity;
  /** Runs PreMaintenance. */
  runPreMaintenance: StepActivity;
  /** Runs Maintenance. */
  runMaintenance: StepActivity;
  /** Runs PostMaintenance. The host is in use again: a script that fails is told in an alert. */
  runPostMaintenance: StepActivity;
  /** The host takes machines again. */
  reopenAfterMaintenance: StepActivity;
}

/** Maintaining many hosts, one after the other. */
export interface RollingMaintenancePorts {
  /** Asks for the maintenance of one host after the other, until none is left. CONFLICT saying why it stops. */
  rollHosts: StepActivity;
  /** The host that is at it is waited for, and takes machines again. */
  stopRolling: StepActivity;
}
