import type { StepActivity } from '../operations/step.js';

/** Fencing a host, and starting its machines elsewhere. */
export interface HostFailOverPorts {
  /** What was on the host is written down. NOT_ALLOWED_IN_STATE when the host reports. */
  beginFencing: StepActivity;
  /** The host is watched again. */
  endFencing: StepActivity;
  /** Fences the host until a machine of it, or the host itself, is proven dead. NOT_ALLOWED_IN_STATE when it is heard again. */
  obtainProof: StepActivity;
  /** What was done to the host for a proof is taken back. */
  withdrawFence: StepActivity;
  /** What is proven is written: from here on nothing is asked of a host whose machines are all proven dead. */
  declareFenced: StepActivity;
  /** Every machine is started elsewhere or known to be stopped; what lacks proof or room is waited for. */
  restartMachines: StepActivity;
}

/** Moving a machine away from a host that is lost. */
export interface VmFailOverPorts {
  /** The machine is on no host any more; what the lost one has of it is owed there. CONFLICT without proof. */
  leaveLostHost: StepActivity;
}

/** Taking back a host that was fenced. */
export interface HostReturnPorts {
  /** NOT_ALLOWED_IN_STATE when the host is not Down, or is not heard. */
  beginReturn: StepActivity;
  /** It stays fenced. */
  endReturn: StepActivity;
  /** What is owed there is done; nothing of a former machine is there any more. */
  clearReturnedHost: StepActivity;
  /** Blocklists and the hold of its power are lifted; only after a new boot. */
  liftFence: StepActivity;
  /** Machines may be placed there. */
  useHostAgain: StepActivity;
}
