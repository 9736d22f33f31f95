import type { ActivitySettings } from '../dependencies.js';

/** As verbs that copy volumes are told how fast they may; nothing where there is no limit. */
export function copyRate({ volumeCopyMibPerSecond: limit }: ActivitySettings): { readonly bytesPerSecond?: number } {
  return limit === undefined ? {} : { bytesPerSecond: limit * 2 ** 20 };
}
