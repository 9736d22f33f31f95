import type { StepActivity } from '../operations/step.js';

/** Networks. */
export interface NetworkPorts {
  /** No machine has an interface there. CONFLICT naming how many. */
  ensureNetworkUnused: StepActivity;
  /** Bridge and DHCP service are gone from every host that had them. */
  removeNetworkFromHosts: StepActivity;
}
