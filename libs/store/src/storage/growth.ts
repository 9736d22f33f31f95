import { DurastackError } from '@durastack/contracts/errors';
import type { VolumeRow } from './volume-row.js';

/**
 * A volume can take this size.
 *
 * @throws DurastackError NOT_ALLOWED_IN_STATE in a state in which it is being removed; INVALID_INPUT for a smaller size
 */
export function requireGrowth(volume: Pick<VolumeRow, 'name' | 'state' | 'sizeBytes'>, sizeBytes: number): void {
  if (volume.state !== 'Allocated' && volume.state !== 'Ready')
    throw new DurastackError('NOT_ALLOWED_IN_STATE', `The volume ${volume.name} is ${volume.state}.`);
  if (sizeBytes < volume.sizeBytes)
    throw new DurastackError(
      'INVALID_INPUT',
      `The volume ${volume.name} has ${volume.sizeBytes} bytes; disks never shrink (${sizeBytes} asked for), also not with shrinkok.`,
    );
}
