import { createHash } from 'node:crypto';

/** The column's length. */
const MAX_KEY = 255;

/** What makes a pool the same one when its creation is repeated: zone and name. */
export function poolKey(zoneId: string, name: string): string {
  const key = `${zoneId}/${name}`;
  return key.length <= MAX_KEY ? key : `${zoneId}/sha256:${createHash('sha256').update(name).digest('hex')}`;
}
