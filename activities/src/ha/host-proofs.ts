/** What is known about machines of a silent host: whether their old copies are dead. */
import { isDurastackError } from '@durastack/contracts/errors';
import type { StepRef } from '@durastack/contracts/operations/step';
import { judgeProof, type VmVerdict } from '@durastack/model/ha/judge-proof';
import type { ProofEvidence, SuspectVm } from '@durastack/model/ha/proof-evidence';
import { autocommit } from '@durastack/store/database/transaction';
import type { FencedHost } from '@durastack/store/ha/lost-machines';
import { underStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';
import { gatherProof, releaseProof } from './proof/gather-proof.js';
import { readFenceRow, readSuspectVms, type FenceRow } from './fence-rows.js';

const READ_MS = 3_000;
/** A host that missed so many heartbeats does not report. */
const MISSED = 3;

/** What was found out in one look. */
export interface ProofLook {
  /** By machine. */
  readonly verdicts: ReadonlyMap<string, VmVerdict>;
  /** Nothing of the host runs any more, whatever was there. */
  readonly isHostDead: boolean;
  /** What is missing for that, for people. */
  readonly missing: readonly string[];
  /** It reports, in the boot in which its machines ran: they live. */
  readonly isHeardAgain: boolean;
}

type Parts = Pick<ActivityDependencies, 'source' | 'box' | 'agents' | 'controllers' | 'settings'>;

/** Does what it takes to prove these machines dead, as far as that comes about now, and says what is proven. */
export async function lookForProof(
  parts: Parts,
  { host, vmIds }: { readonly host: FencedHost; readonly vmIds: readonly string[] },
  step: StepRef,
): Promise<ProofLook> {
  const db = autocommit(parts.source);
  const fence = await readFenceRow(db, host.id);
  const suspects = await readSuspectVms(db, host.id, vmIds);
  // A machine without a disk is proven dead with its host, and not otherwise.
  const whole: SuspectVm = { vmId: host.id, name: host.name, disks: [] };
  const known = await collect(parts, host, fence);
  const disks = suspects.flatMap((suspect) => suspect.disks);
  const lastSignMs = known.signsOfLife.reduce<number | null>((last, { atMs }) => Math.max(last ?? atMs, atMs), null);
  const suspectHost = { id: host.id, name: host.name, lastSignMs, disks };
  const isHeardAgain = isHeard(parts, host) && host.bootId !== null && host.bootId === fence?.bootIdBefore;
  // A host that lives is left alone: nothing is switched off that was heard a moment ago.
  const evidence = isHeardAgain ? known : await gatherProof(parts, { host: suspectHost, known }, step);
  const judged = judgeProof([whole, ...suspects], evidence);
  const ofHost = judged[0];
  return {
    verdicts: new Map(judged.slice(1).map((verdict) => [verdict.vmId, verdict])),
    isHostDead: ofHost?.isProven === true,
    missing: ofHost?.missing ?? [],
    isHeardAgain,
  };
}

const isHeard = ({ settings }: Parts, { silentMs }: FencedHost): boolean =>
  silentMs !== null && silentMs < MISSED * settings.heartbeatIntervalMs;

async function collect(parts: Parts, host: FencedHost, fence: FenceRow | undefined): Promise<ProofEvidence> {
  const nowMs = fence?.nowMs ?? 0;
  const evidence: ProofEvidence = {
    hostName: host.name,
    nowMs,
    quietMs: 2 * parts.settings.heartbeatIntervalMs,
    signsOfLife: host.silentMs === null ? [] : [{ what: 'a heartbeat', atMs: nowMs - host.silentMs }],
  };
  if (fence === undefined) return evidence;
  const { declaredLostBy: by, declaredLostAtMs: atMs } = fence;
  return {
    ...evidence,
    ...(by === null || atMs === null ? {} : { declaredLost: { by, atMs } }),
    boot: {
      before: fence.bootIdBefore,
      now: host.bootId,
      present: isHeard(parts, host) && host.bootId !== fence.bootIdBefore ? await present(parts, host.id) : null,
    },
  };
}

/** Machines that exist on a host that reports again; null: it does not say. */
async function present({ agents }: Parts, hostId: string): Promise<string[] | null> {
  try {
    const { vms } = await agents.readFenced(hostId, 'getInventory', { pools: [] }, READ_MS);
    // Off is dead: nothing starts a machine there by itself, and it is removed before the host is used again.
    return vms.filter(({ power }) => power !== 'off').map(({ id }) => id);
  } catch (error) {
    if (isDurastackError(error)) return null;
    throw error;
  }
}

/**
 * What was done to a host for a proof is taken back.
 *
 * @param wholly no machine of it was started elsewhere
 * @returns what that waits for, for people; undefined: it is done
 */
export async function letGo(
  parts: Parts,
  { hostId, wholly }: { readonly hostId: string; readonly wholly: boolean },
  step: StepRef,
): Promise<string | undefined> {
  const waitingFor = await releaseProof(parts, { hostId, how: { wholly } }, step);
  if (waitingFor !== undefined) return waitingFor;
  await underStep(parts.source, step, async (tx) => {
    // An administrator's word stands until the host reports again.
    const kept = wholly ? 'AND declared_lost_at IS NULL' : '';
    await tx.execute('UPDATE host_fence SET operation_id = NULL WHERE host_id = ?', [hostId]);
    await tx.execute(`DELETE FROM host_fence WHERE host_id = ? ${kept}`, [hostId]);
  });
  return undefined;
}
