/** The verbs about image locks on real hosts; see {@link IMAGE_LOCK_VERBS}. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VerbParams, VerbResult } from '@durastack/contracts/agent/verbs';
import { DurastackError } from '@durastack/contracts/errors';
import { volumePath, volumesDir } from '../directory-pool/paths.js';
import type { DriverVerbs } from '../driver.js';
import { mountOf } from '../files/mount.js';
import { plainFileExists } from '../files/plain-files.js';
import { run } from '../process/run.js';
import type { HeldImages } from '../process/held-images.js';

const HOLD_MS = 3_600_000;
/** A trial takes seconds; what is left of one that was broken off goes after that. */
const TRIAL_MS = 60_000;
const TRIAL_BYTES = 2 ** 20;
/** A file that another host has just made may be seen a moment later. */
const LOOKS = 5;
const LOOK_AGAIN_MS = 200;

/** See the verbs of these names. */
export type ImageLockVerbs = Pick<DriverVerbs, 'probeImageLock' | 'ensureVolumeHeld' | 'ensureVolumeLetGo'>;

type HeldVolume = VerbParams<'ensureVolumeHeld'>['volume'];

/** Under which key a volume is held. */
export const heldVolumeKey = ({ id, pool }: HeldVolume): string => `${pool.id}.${id}`;

/** Makes them. */
export function imageLockVerbs(held: HeldImages): ImageLockVerbs {
  return {
    ensureVolumeHeld: async ({ volume }) => {
      const path = volumePath(volume);
      if (!(await plainFileExists(path)))
        throw new DurastackError('STEP_REFUSED', `The volume ${path} is not here; mount its pool on this host`);
      return { held: await held.hold({ key: heldVolumeKey(volume), path, lastsMs: HOLD_MS }) };
    },
    ensureVolumeLetGo: async ({ volume }) => {
      await held.letGo(heldVolumeKey(volume));
      return {};
    },
    probeImageLock: async (params) => ({
      finding: await probe(held, params),
      mount: (await mountOf(params.pool.path)) ?? 'no mount',
    }),
  };
}

async function probe(
  held: HeldImages,
  { pool, probeId, act }: VerbParams<'probeImageLock'>,
): Promise<VerbResult<'probeImageLock'>['finding']> {
  const path = join(volumesDir(pool), `.${probeId}.locks.part`);
  const order = { path, lastsMs: TRIAL_MS };
  switch (act) {
    case 'hold':
      if (!(await plainFileExists(path)))
        await run('qemu-img', ['create', '-q', '-f', 'qcow2', path, String(TRIAL_BYTES)]);
      return (await held.hold({ ...order, key: probeId })) ? 'held' : 'refused';
    case 'try': {
      if (!(await appears(path))) return 'absent';
      const key = `${probeId}.try`;
      const opened = await held.hold({ ...order, key });
      await held.letGo(key);
      return opened ? 'opened' : 'refused';
    }
    case 'release':
    case 'end':
      await held.letGo(probeId);
      if (act === 'end') await rm(path, { force: true });
      return 'released';
  }
}

async function appears(path: string): Promise<boolean> {
  for (let look = 1; ; look += 1) {
    if (await plainFileExists(path)) return true;
    if (look >= LOOKS) return false;
    await sleep(LOOK_AGAIN_MS);
  }
}
