import { text } from '../fields.js';

/** What the hosts of a place have, have given out and use, all together; texts, as CloudStack's clients show them. */
export const usageFields = {
  state: text('Enabled or Disabled.'),
  cpuTotal: text('Their processors: `16.00 Ghz`.'),
  cpuAllocated: text('Share of their processors that is given out: `12.50%`; more than 100% where they are shared.'),
  cpuUsed: text('Measured use of the processors of hosts that are up; absent while nothing was measured.').optional(),
  cpuMaxDeviation: text('How far the busiest of them is above their average, in percent of it.').optional(),
  memoryTotal: text('Their memory: `16.00 GiB`.'),
  memoryAllocated: text('Share of their memory that is given out.'),
  memoryUsed: text('Measured use of the memory of hosts that are up; absent while nothing was measured.').optional(),
  memoryMaxDeviation: text('How far the fullest of them is above their average, in percent of it.').optional(),
} as const;
