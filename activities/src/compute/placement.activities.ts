import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import type { PlacementPorts } from '@durastack/contracts/compute/vm.ports';
import type { MachineNeeds, PlacementExplanation } from '@durastack/contracts/compute/placement';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import { DONE, type StepOutcome } from '@durastack/contracts/operations/step';
import { explain, summarise } from '@durastack/model/placement/explain-placement';
import type { HostJudgement } from '@durastack/model/placement/judge-hosts';
import { planPlacement, type PlacementPlan } from '@durastack/model/placement/plan-placement';
import { readNeedsToReserve } from '@durastack/store/compute/placement-needs';
import type { Tx } from '@durastack/store/database/transaction';
import { noteExplanation } from '@durastack/store/operations/explanation';
import { joinNetworks } from '@durastack/store/network/fabric';
import { claim, releaseHosts, releasePools, reserveHost, reservePool } from '@durastack/store/operations/reservations';
import { inStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';
import { releaseUnmade } from '../storage/data-volumes.js';
import { doubtfulHosts } from './doubtful-hosts.js';
import { SnapshotReader } from './placement-snapshot.js';

const startsNothing = (input: Readonly<Record<string, unknown>>) => input['startVm'] === false;

/** See {@link PlacementPorts}. */
export function createActivities({ source, agents }: ActivityDependencies): PlacementPorts {
  const snapshots = new SnapshotReader();
  return {
    reservePlacement: async (step) => {
      // What was found out is kept, so the error is thrown when it has been written.
      const outcome = await inStep(source, step, async (tx, operation): Promise<StepOutcome | DurastackError> => {
        if (startsNothing(operation.input)) return DONE;
        const needs = await readNeedsToReserve(tx, operation.resource.id);
        invariant(needs, `The virtual machine ${operation.resource.id} has no row.`);
        if (needs.hostId !== null) return DONE;
        const silent = await doubtfulHosts(tx, agents);
        const refusal = await place(tx, snapshots, { operationId: operation.id, needs, silent });
        if (refusal === undefined) return DONE;
        await noteExplanation(tx, operation.id, refusal.explanation);
        return refusal.error;
      });
      if (outcome instanceof DurastackError) throw outcome;
      return outcome;
    },

    releasePlacement: (step) =>
      inStep(source, step, async (tx, operation) => {
        const vmId = operation.resource.id;
        await releaseHosts(tx, vmId);
        await tx.execute('UPDATE virtual_machine SET host_id = NULL WHERE id = ?', [vmId]);
        await releaseUnmade(tx, vmId);
        return DONE;
      }),
  };
}

/** What is placed, and hosts that do not answer at present: others are taken first. */
interface Placing {
  readonly operationId: string;
  readonly needs: MachineNeeds;
  readonly silent: ReadonlySet<string>;
}

/** Why no host was found: for the requester, and in full. */
interface Refusal {
  readonly error: DurastackError;
  readonly explanation: PlacementExplanation;
}

async function place(tx: Tx, snapshots: SnapshotReader, placing: Placing): Promise<Refusal | undefined> {
  const { needs, silent } = placing;
  let plan: PlacementPlan = { candidates: [], refused: [] };
  for await (const snapshot of snapshots.attempts(tx, { needs, silent })) {
    plan = planPlacement(needs, snapshot);
    const answering = plan.candidates.filter(({ host }) => !silent.has(host.id));
    const others = plan.candidates.filter(({ host }) => silent.has(host.id));
    for (const candidate of [...apart(answering), ...others])
      if (await reserve(tx, placing, candidate)) return undefined;
  }
  return refusalOf(needs, plan);
}

/** Tenants see what is lacking and how often; which host it is, is for operators. */
function refusalOf(needs: MachineNeeds, { candidates, refused }: PlacementPlan): Refusal {
  const claimed = { kind: 'claimed', text: 'was taken meanwhile' } as const;
  const all = [...candidates.map(({ host }) => ({ host, reasons: [claimed] })), ...refused];
  const error = new DurastackError(
    'NO_CAPACITY',
    `No host of the zone can take ${needs.name} (${needs.cpuMhz} MHz, ${needs.memoryMib} MiB). ${summarise(all)}.`,
    { details: { hosts: all.length } },
  );
  return { error, explanation: explain(all) };
}

type Candidates = readonly HostJudgement[];

/** Of so many candidates one of the best is as good as another. */
const ALIKE = 1 / 8;

/** Begins with any one of the best, so that those who plan at the same moment do not all want the same host. */
function apart(candidates: Candidates): Candidates {
  const alike = candidates.filter(({ preference }) => preference === candidates[0]?.preference).length;
  const among = Math.floor(alike * ALIKE);
  if (among < 2) return candidates;
  const chosen = candidates[Math.floor(Math.random() * among)]!;
  return [chosen, ...candidates.filter((candidate) => candidate !== chosen)];
}

/** @returns false when host or pool had no room any more: nothing was taken */
async function reserve(tx: Tx, { operationId, needs }: Placing, { host, disks }: HostJudgement): Promise<boolean> {
  const { vmId, cpuMhz, memoryMib } = needs;
  if (!(await reserveHost(tx, { ownerId: vmId, hostId: host.id, cpuMhz, memoryMib, ...OVERCOMMIT.host }))) return false;
  for (const [index, { volumeId, poolId }] of disks.entries()) {
    const sizeBytes = needs.disks.find((disk) => disk.volumeId === volumeId)?.sizeBytes ?? 0;
    if (await reservePool(tx, { volumeId, poolId, sizeBytes })) continue;
    for (const taken of disks.slice(0, index)) await releasePools(tx, taken.volumeId);
    await releaseHosts(tx, vmId);
    return false;
  }
  const poolIds = [...disks, ...needs.disks].flatMap(({ poolId }) => poolId ?? []);
  await claim(tx, operationId, [
    { type: 'host', id: host.id },
    ...[...new Set(poolIds)].map((id) => ({ type: 'storage-pool', id }) as const),
  ]);
  await writePlace(tx, needs, host.id, disks);
  await joinNetworks(tx, { vmId, hostId: host.id });
  return true;
}

/**
 * Writes the choice, if nothing was dedicated since it was made: who dedicates a place holds its hosts, as this
 * transaction does by now.
 */
async function writePlace(
  tx: Tx,
  { vmId, dedications }: MachineNeeds,
  hostId: string,
  disks: HostJudgement['disks'],
): Promise<void> {
  const unchanged = 'v.id = ? AND (SELECT COUNT(*) FROM dedication x WHERE x.zone_id = v.zone_id) = ?';
  const pooled = 'UPDATE virtual_machine v JOIN volume d ON d.id = ? SET v.host_id = ?, d.pool_id = ? WHERE';
  const writes: [statement: string, values: unknown[]][] = disks.map(({ volumeId, poolId }) => [
    pooled,
    [volumeId, hostId, poolId],
  ]);
  if (writes.length === 0) writes.push(['UPDATE virtual_machine v SET v.host_id = ? WHERE', [hostId]]);
  for (const [statement, values] of writes) {
    const { affectedRows } = await tx.execute(`${statement} ${unchanged}`, [...values, vmId, dedications]);
    if (affectedRows === 0)
      throw new DurastackError('BACKEND_BUSY', 'A place was dedicated while a host was chosen; it is chosen again.');
  }
}
