/** All ways of obtaining proof, in the order of what they cost the host's machines when it turns out to live. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StepRef } from '@durastack/contracts/operations/step';
import { judgeProof } from '@durastack/model/ha/judge-proof';
import type { ProofEvidence } from '@durastack/model/ha/proof-evidence';
import type { ActivityDependencies } from '../../dependencies.js';
import { createBlocklistProof } from './blocklist-proof.js';
import { createLockProof } from './lock-proof.js';
import { createPowerProof } from './power-proof.js';
import { createWatchdogProof } from './watchdog-proof.js';
import type { ReleaseHow, SuspectHost } from './proof-strategy.js';

/** A controller that answers has switched off by then; storage does not wait longer for one that does not. */
const CONTROLLER_FIRST_MS = 4_000;

type Parts = Pick<ActivityDependencies, 'source' | 'box' | 'agents' | 'controllers'>;

/**
 * Obtains what proof can be had now, and adds it to what is known already.
 *
 * Nothing is done to a host that is proven dead already. The management controller comes first: what it proves counts
 * for all, and leaves nothing behind. Storage is shut off when that is not enough.
 */
export async function gatherProof(
  parts: Parts,
  { host, known: before }: { readonly host: SuspectHost; readonly known: ProofEvidence },
  step: StepRef,
): Promise<ProofEvidence> {
  if (isDead(host, before)) return before;
  // Costs nobody anything.
  const known = joined(before, await createWatchdogProof(parts).gather(host, step));
  if (isDead(host, known)) return known;
  const power = createPowerProof(parts).gather(host, step);
  const early = await Promise.race([power, sleep(CONTROLLER_FIRST_MS)]);
  if (early && isDead(host, joined(known, early))) return joined(known, early);
  const [late, blocklists, locks] = await Promise.all([
    power,
    createBlocklistProof(parts).gather(host, step),
    createLockProof(parts).gather(host, step),
  ]);
  return joined(known, { ...late, ...blocklists, ...locks });
}

/** Takes back what was done for it. @returns what that waits for, for people; undefined: it is done */
export async function releaseProof(
  parts: Parts,
  { hostId, how }: { readonly hostId: string; readonly how: ReleaseHow },
  step: StepRef,
): Promise<string | undefined> {
  return (
    (await createLockProof(parts).release(hostId, step, how)) ??
    (await createBlocklistProof(parts).release(hostId, step, how)) ??
    (await createPowerProof(parts).release(hostId, step, how))
  );
}

function joined(known: ProofEvidence, more: Partial<ProofEvidence>): ProofEvidence {
  return { ...known, ...more, signsOfLife: [...known.signsOfLife, ...(more.signsOfLife ?? [])] };
}

/** Whether nothing of the host runs, whatever was there. */
function isDead({ id, name }: SuspectHost, evidence: ProofEvidence): boolean {
  return judgeProof([{ vmId: id, name, disks: [] }], evidence)[0]?.isProven === true;
}
