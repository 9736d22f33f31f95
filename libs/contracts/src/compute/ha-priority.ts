/** How important a machine is when hosts fail or are emptied: those with more of it are restarted and moved first. */
import { int } from '../fields.js';

/** From the least to the most important; what has none of its own has that of its service offering. */
export const HA_PRIORITY = { least: 0, usual: 5, most: 10 } as const;

/** A field that holds one. */
export const haPriority = (description: string) =>
  int(`${description} (${HA_PRIORITY.least} to ${HA_PRIORITY.most}, the most important last)`, {
    min: HA_PRIORITY.least,
    max: HA_PRIORITY.most,
  });
