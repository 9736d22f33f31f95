/** How HA stands with a host: CloudStack's words, each with what it means here. */
export const HOST_HA_STATES = {
  Disabled: 'HA is not enabled for the host, or is disabled for its cluster or zone.',
  Ineligible: 'The host is in maintenance, being added or being removed: what happens to it is wanted.',
  Available: 'The host reports in time.',
  Suspect: 'It has fallen silent; others are asked about it.',
  Checking: 'It has been silent for long enough, and nobody can say yet whether it lives.',
  Degraded: 'It does not report, but others see that it lives: nothing is done to it.',
  Fencing: 'Somebody has seen that it is dead; proof is being obtained that its machines are.',
  Fenced: 'Its machines are proven dead, and are started elsewhere. It is used again once it has come back clean.',
  Recovering: 'It reports again, and is being cleared of what it ran before.',
} as const;

/** See {@link HOST_HA_STATES}. */
export type HostHaState = keyof typeof HOST_HA_STATES;

/** Who knows how to tell whether a host is dead, by hypervisor. */
export const HOST_HA_PROVIDERS = { KVM: 'KVMHAProvider', Simulator: 'SimulatorHAProvider' } as const;
