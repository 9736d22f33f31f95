/** Where a running machine goes: chosen among the hosts that reach its disks, or can be given them, and reserved there. */
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import type { MachineNeeds } from '@durastack/contracts/compute/placement';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import type { DiskChoice } from '@durastack/model/placement/judge-disks';
import { judgeHosts, type HostJudgement } from '@durastack/model/placement/judge-hosts';
import { byPreference } from '@durastack/model/placement/plan-placement';
import { readDestinations, readZoneSnapshot, refuseNewDedications } from '@durastack/store/compute/placement-rows';
import type { Tx } from '@durastack/store/database/transaction';
import { joinNetworks } from '@durastack/store/network/fabric';
import { claim, releaseHosts, reserveHost } from '@durastack/store/operations/reservations';
import { beginVolumeMove, forgetVolumeMoves } from '../storage/moving-volumes.js';

/** What is moved, and where to if that was asked for. */
export interface Moving {
  readonly operationId: string;
  readonly needs: MachineNeeds;
  readonly requestedHostId?: string;
  /** Hosts that do not answer at present: taken last. */
  readonly silent: ReadonlySet<string>;
  /** Disks that the new host does not reach, or that are to go elsewhere, go along. Else all stay where they are. */
  readonly withDisks?: boolean;
}

/** Where it goes, and its disks that go along. */
export interface Destination {
  readonly hostId: string;
  readonly disks: readonly DiskChoice[];
}

/**
 * Reserves, beside what the machine has where it runs.
 *
 * @throws DurastackError NO_CAPACITY with every host's reason
 */
export async function reserveDestination(tx: Tx, moving: Moving): Promise<Destination> {
  const { operationId, needs, requestedHostId, silent, withDisks = false } = moving;
  const snapshot = withDisks
    ? await readZoneSnapshot(tx, OVERCOMMIT, needs.zoneId)
    : await readDestinations(tx, OVERCOMMIT, needs, requestedHostId);
  const refusalOf = (one: HostJudgement) => refusal(one, withDisks);
  const judged = judgeHosts(snapshot, needs, 'migrate').filter(
    ({ host }) => requestedHostId === undefined || host.id === requestedHostId,
  );
  const late = (one: HostJudgement) => (silent.has(one.host.id) ? 1 : 0);
  const candidates = judged
    .filter((one) => refusalOf(one) === undefined)
    .sort((a, b) => late(a) - late(b) || a.disks.length - b.disks.length || byPreference(a, b));
  for (const { host, disks } of candidates) {
    const { vmId: ownerId, cpuMhz, memoryMib } = needs;
    if (!(await reserveHost(tx, { ownerId, hostId: host.id, cpuMhz, memoryMib, ...OVERCOMMIT.host }))) continue;
    if (!(await beginMoves(tx, moving, { hostId: host.id, disks }))) continue;
    await refuseNewDedications(tx, needs);
    await claim(tx, operationId, [{ type: 'host', id: host.id }]);
    await joinNetworks(tx, { vmId: ownerId, hostId: host.id });
    return { hostId: host.id, disks };
  }
  const reasons = judged.map((one) => `${one.host.name} ${refusalOf(one) ?? 'was taken meanwhile'}`);
  const why = reasons.slice(0, 10).join('; ') || 'there is no such host in its zone';
  throw new DurastackError('NO_CAPACITY', `No host can take ${needs.name}: ${why}.`, {
    details: { hosts: judged.length },
  });
}

/** Takes room for the disks that go along. False: some has none any more, and nothing is kept of the host. */
async function beginMoves(
  tx: Tx,
  { operationId, needs }: Moving,
  { hostId: targetHostId, disks }: Destination,
): Promise<boolean> {
  const { vmId, hostId } = needs;
  for (const { volumeId, poolId: targetPoolId } of disks) {
    const disk = needs.disks.find((one) => one.volumeId === volumeId);
    invariant(disk?.poolId && hostId, `The disk ${volumeId} of ${vmId} was to move, and is nowhere.`);
    const { sizeBytes, poolId: sourcePoolId } = disk;
    const move = { volumeId, vmId, sizeBytes, sourcePoolId, targetPoolId, hostId, targetHostId, ticketSealed: null };
    if (await beginVolumeMove(tx, operationId, move)) continue;
    await forgetVolumeMoves(tx, operationId);
    await releaseHosts(tx, vmId, hostId);
    return false;
  }
  return true;
}

/** Why a machine cannot go there, with its disks or with them staying where they are. */
function refusal({ reasons, storageMotion }: HostJudgement, withDisks: boolean): string | undefined {
  if (reasons[0] !== undefined) return reasons[0].text;
  if (!storageMotion || withDisks) return undefined;
  return 'does not reach the pool of a disk (migrateVirtualMachineWithVolume moves that too)';
}
