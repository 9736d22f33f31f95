import type { StepActivity } from '../operations/step.js';

/** Switching a host's power by its management controller. */
export interface PowerActionPorts {
  /** The controller answers, and what is asked for is allowed. Changes nothing. */
  readHostPower: StepActivity;
  /** Asks the controller for the change, if the power is not already so. */
  changeHostPower: StepActivity;
  /** The controller says that it has happened. TIMEOUT-like refusals say what it shows instead. */
  confirmHostPower: StepActivity;
}

/** Changing the password of a host's management controller. */
export interface ControllerPasswordPorts {
  /** Finds out which of the passwords that are known the controller takes. */
  checkControllerPassword: StepActivity;
  /** Gives it the new one. */
  changeControllerPassword: StepActivity;
  /** The controller keeps the old one. */
  forgetControllerPassword: StepActivity;
  /** Logs in with the new one, and counts on it from now on. */
  adoptControllerPassword: StepActivity;
}
