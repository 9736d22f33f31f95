import type { Overcommit } from './placement.js';

/** What hosts offer beyond, or below, what they have. */
export const OVERCOMMIT = {
  host: {
    /** Processors are shared: guests rarely all compute at once. */
    cpuOvercommit: 4,
    /** Memory is not shared, and this much stays with the host. */
    hostMemoryMib: 1024,
  },
} as const satisfies Overcommit;
