import type { StepActivity } from '../operations/step.js';

/** Adding a host. */
export interface HostEnrolmentPorts {
  /** Installs packages, agent and unit over SSH; nothing to do for an agent that waits for its enrolment already. */
  installAgent: StepActivity;
  /** Takes the installation back. */
  uninstallAgent: StepActivity;
  /** Signs the host's request and hands the certificate over. */
  enrolAgent: StepActivity;
  /** The certificate counts no more; the secrets of the enrolment are erased. */
  forgetEnrolment: StepActivity;
  /** Asks the agent what the host offers, proves that it reaches the pools that were there before, and records it; the secrets of the enrolment are erased. */
  learnHostFacts: StepActivity;
}

/** Removing a host. */
export interface HostRemovalPorts {
  /** No machine is there and no operation uses it. CONFLICT naming what is in the way. */
  ensureHostEmpty: StepActivity;
  /** Bridges and DHCP services of networks are gone from it. */
  removeNetworksFromHost: StepActivity;
  /** Its certificate counts no more; its name is free again. */
  revokeHost: StepActivity;
}
