/** Verbs by which a host finds out, and shows to others, who has a disk image open; see {@link VERBS}. */
import { z } from 'zod';
import { directoryPoolSpec, id, volumeSpec } from './specs.js';
import { nothing, verb } from './verb.js';

/** What a trial image can be asked for: `hold` makes it where it is not there. */
export const LOCK_PROBE_ACTS = ['hold', 'try', 'release', 'end'] as const;
/** What comes of it. `absent`: there is no such file, as this host sees the directory. */
export const LOCK_PROBE_FINDINGS = ['held', 'refused', 'opened', 'absent', 'released'] as const;

const heldThing = (p: { volume: { id: string; pool: { id: string } } }): string =>
  `held-volume:${p.volume.pool.id}/${p.volume.id}`;
const volumeOfDirectory = volumeSpec.extend({ pool: directoryPoolSpec });

/** In the order in which they are used. */
export const IMAGE_LOCK_VERBS = {
  probeImageLock: verb({
    description:
      "One act of a trial whether QEMU's image locks reach from host to host: a paused QEMU here opens, or tries to open, a trial image of the pool. It touches nothing else, and ends by itself.",
    params: z.object({ pool: directoryPoolSpec, probeId: id, act: z.enum(LOCK_PROBE_ACTS) }),
    result: z.object({
      finding: z.enum(LOCK_PROBE_FINDINGS),
      /** The mount on which the pool lies, as heartbeats name it. */
      mount: z.string().max(255),
    }),
    token: 'read',
  }),
  ensureVolumeHeld: verb({
    description:
      'A paused QEMU here that belongs to no machine has the volume open for writing, until it is let go or for an hour. `held: false`: somebody else has it open. STEP_REFUSED when there is no such volume.',
    params: z.object({ volume: volumeOfDirectory }),
    result: z.object({ held: z.boolean() }),
    token: 'exclusive',
    resource: heldThing,
  }),
  ensureVolumeLetGo: verb({
    description: 'No QEMU of this host holds the volume open for nobody. Machines that have it are left alone.',
    params: z.object({ volume: volumeOfDirectory }),
    result: nothing,
    token: 'exclusive',
    resource: heldThing,
  }),
};
