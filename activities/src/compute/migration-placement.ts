/** Where a running machine goes: chosen among the hosts that its disks can be reached from, and reserved there. */
import type { MachineNeeds } from '@durastack/contracts/compute/placement';
import { DurastackError } from '@durastack/contracts/errors';
import { judgeHosts, type HostJudgement } from '@durastack/model/placement/judge-hosts';
import { OVERCOMMIT } from '@durastack/model/placement/overcommit';
import { byPreference } from '@durastack/model/placement/plan-placement';
import { readDestinations, refuseNewDedications } from '@durastack/store/compute/placement-rows';
import type { Tx } from '@durastack/store/database/transaction';
import { joinNetworks } from '@durastack/store/network/fabric';
import { claim, reserveHost } from '@durastack/store/operations/reservations';

/** What is moved, and where to if that was asked for. */
export interface Moving {
  readonly operationId: string;
  readonly needs: MachineNeeds;
  readonly requestedHostId?: string;
  /** Hosts that do not answer at present: taken last. */
  readonly silent: ReadonlySet<string>;
}

/**
 * Reserves, beside what the machine has where it runs.
 *
 * @returns the host
 * @throws DurastackError NO_CAPACITY with every host's reason
 */
export async function reserveDestination(tx: Tx, moving: Moving): Promise<string> {
  const { operationId, needs, requestedHostId, silent } = moving;
  const snapshot = await readDestinations(tx, OVERCOMMIT, needs, requestedHostId);
  const judged = judgeHosts(snapshot, needs, 'migrate').filter(
    ({ host }) => requestedHostId === undefined || host.id === requestedHostId,
  );
  const late = (one: HostJudgement) => (silent.has(one.host.id) ? 1 : 0);
  const candidates = judged
    .filter((one) => refusalOf(one) === undefined)
    .sort((a, b) => late(a) - late(b) || byPreference(a, b));
  for (const { host } of candidates) {
    const { vmId: ownerId, cpuMhz, memoryMib } = needs;
    if (!(await reserveHost(tx, { ownerId, hostId: host.id, cpuMhz, memoryMib, ...OVERCOMMIT.host }))) continue;
    await refuseNewDedications(tx, needs);
    await claim(tx, operationId, [{ type: 'host', id: host.id }]);
    await joinNetworks(tx, { vmId: ownerId, hostId: host.id });
    return host.id;
  }
  const reasons = judged.map((one) => `${one.host.name} ${refusalOf(one) ?? 'was taken meanwhile'}`);
  const why = reasons.slice(0, 10).join('; ') || 'there is no such host in its zone';
  throw new DurastackError('NO_CAPACITY', `No host can take ${needs.name}: ${why}.`, {
    details: { hosts: judged.length },
  });
}

/** Why a machine cannot go there with its disks staying where they are. */
function refusalOf({ reasons, storageMotion }: HostJudgement): string | undefined {
  if (reasons[0] !== undefined) return reasons[0].text;
  return storageMotion ? 'does not reach the pool of a disk' : undefined;
}
