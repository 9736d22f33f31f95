/** A management controller (BMC): what switches a host's power from outside of it. */

/** Ways to speak to one. */
export const CONTROLLER_DRIVERS = ['ipmitool', 'redfish'] as const;
/** See {@link CONTROLLER_DRIVERS}. */
export type ControllerDriver = (typeof CONTROLLER_DRIVERS)[number];

/** What can be asked of one, in CloudStack's words. */
export const POWER_ACTIONS = ['ON', 'OFF', 'CYCLE', 'RESET', 'SOFT', 'STATUS'] as const;
/** See {@link POWER_ACTIONS}. */
export type PowerAction = (typeof POWER_ACTIONS)[number];
/** What changes something. */
export type PowerChange = Exclude<PowerAction, 'STATUS'>;

/** Power as a controller tells it. `Unknown`: it is changing, or the controller does not say. */
export type ControllerPower = 'On' | 'Off' | 'Unknown';

/** Where a controller is and how to log in. Holds a secret: never logged, never part of a workflow's history. */
export interface ControllerLogin {
  readonly driver: ControllerDriver;
  /** IP address or host name. */
  readonly address: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** SHA-256 of a Redfish controller's certificate in hexadecimal digits; absent: an authority must have signed it. */
  readonly fingerprint?: string;
}

/**
 * Speaks to controllers. Each call is a connection of its own, and ends within half a minute.
 *
 * Every call throws DurastackError: HOST_UNREACHABLE (retryable) when the controller does not answer, FORBIDDEN when it
 * refuses the login or shows another certificate, STEP_REFUSED with its words when it refuses what was asked.
 */
export interface PowerControllers {
  /** What the controller says now. */
  read(login: ControllerLogin): Promise<ControllerPower>;
  /** Asks for a change. That it says yes does not mean that it has happened: read until it shows. */
  change(login: ControllerLogin, change: PowerChange): Promise<void>;
  /** Gives the user of this login another password. */
  changePassword(login: ControllerLogin, password: string): Promise<void>;
}
