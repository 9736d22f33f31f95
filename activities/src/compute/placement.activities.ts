import type { PlacementPorts } from '@durastack/contracts/compute/vm.ports';
import { DurastackError } from '@durastack/contracts/errors';
import { DONE } from '@durastack/contracts/operations/step';
import { OVERCOMMIT } from '@durastack/model/placement/overcommit';
import { planPlacement, type PlacementPlan, type PlacementRequest } from '@durastack/model/placement/plan-placement';
import type { Tx } from '@durastack/store/database/transaction';
import { claim, releaseHosts, releasePools, reserveHost, reservePool } from '@durastack/store/operations/reservations';
import { inStep } from '@durastack/store/operations/run';
import type { ActivityDependencies } from '../dependencies.js';
import { SnapshotReader, splitTags } from './placement-snapshot.js';
import { readRootVolume, readVmAndDisk, type RootVolumeRow, type VmRow } from './vm-rows.js';

const startsNothing = (input: Readonly<Record<string, unknown>>) => input['startVm'] === false;

/** See {@link PlacementPorts}. */
export function createActivities({ source, agents }: ActivityDependencies): PlacementPorts {
  const snapshots = new SnapshotReader();
  return {
    reservePlacement: (step) =>
      inStep(source, step, async (tx, operation) => {
        if (startsNothing(operation.input)) return DONE;
        const { vm, volume } = await readVmAndDisk(tx, operation.resource.id);
        if (vm.hostId !== null) return DONE;
        await place(tx, snapshots, { operationId: operation.id, vm, volume, silent: agents.silentHosts() });
        return DONE;
      }),

    releasePlacement: (step) =>
      inStep(source, step, async (tx, operation) => {
        const vmId = operation.resource.id;
        await releaseHosts(tx, vmId);
        await tx.execute('UPDATE virtual_machine SET host_id = NULL WHERE id = ?', [vmId]);
        const volume = await readRootVolume(tx, vmId);
        if (volume.state === 'Allocated') {
          await releasePools(tx, volume.id);
          await tx.execute('UPDATE volume SET pool_id = NULL WHERE id = ?', [volume.id]);
        }
        return DONE;
      }),
  };
}

/** What is placed, and hosts that do not answer at present: others are taken first. */
interface Placing {
  readonly operationId: string;
  readonly vm: VmRow;
  readonly volume: RootVolumeRow;
  readonly silent: ReadonlySet<string>;
}

async function place(tx: Tx, snapshots: SnapshotReader, placing: Placing): Promise<void> {
  const { vm, volume, silent } = placing;
  const request = await toRequest(tx, vm, volume);
  let plan: PlacementPlan = { candidates: [], refused: [] };
  for await (const { hosts, pools } of snapshots.attempts(tx, vm.zoneId, { request, silent })) {
    plan = planPlacement(request, hosts, pools);
    const answering = plan.candidates.filter(({ hostId }) => !silent.has(hostId));
    const others = plan.candidates.filter(({ hostId }) => silent.has(hostId));
    for (const candidate of [...apart(answering, request.lastHostId), ...others])
      if (await reserve(tx, placing, { ...candidate, request })) return;
  }
  // Tenants see that there is no room; which host fell out, and why, is for the operators' log.
  const reasons = plan.refused.map(({ host, reason }) => `${host} ${reason}`).slice(0, 20);
  const taken = plan.candidates.length > 0 ? ['every candidate was taken meanwhile'] : [];
  throw new DurastackError(
    'NO_CAPACITY',
    `No host of the zone has room for ${vm.name} (${request.cpuMhz} MHz, ${request.memoryMib} MiB).`,
    { details: { reasons: [...reasons, ...taken].join('; ') || 'the zone has no host that is up' } },
  );
}

type Candidates = PlacementPlan['candidates'];

/** Of so many candidates one of the best is as good as another. */
const ALIKE = 1 / 8;

/** Begins with any one of the best, so that those who plan at the same moment do not all want the same host. */
function apart(candidates: Candidates, lastHostId: string | undefined): Candidates {
  const among = Math.floor(candidates.length * ALIKE);
  if (among < 2 || candidates[0]?.hostId === lastHostId) return candidates;
  const chosen = candidates[Math.floor(Math.random() * among)]!;
  return [chosen, ...candidates.filter((candidate) => candidate !== chosen)];
}

/** @returns false when host or pool had no room any more: nothing was taken */
async function reserve(
  tx: Tx,
  { operationId, vm, volume }: Placing,
  { hostId, poolId, request }: Candidates[number] & { request: PlacementRequest },
): Promise<boolean> {
  const { cpuMhz, memoryMib } = request;
  if (!(await reserveHost(tx, { ownerId: vm.id, hostId, cpuMhz, memoryMib, ...OVERCOMMIT.host }))) return false;
  const onPool =
    volume.state !== 'Allocated' ||
    (await reservePool(tx, { volumeId: volume.id, poolId, sizeBytes: volume.sizeBytes, ...OVERCOMMIT.pool }));
  if (!onPool) {
    await releaseHosts(tx, vm.id);
    return false;
  }
  await claim(tx, operationId, [
    { type: 'host', id: hostId },
    { type: 'storage-pool', id: poolId },
  ]);
  await tx.execute(
    `UPDATE virtual_machine v JOIN volume d ON d.vm_id = v.id AND d.kind = 'ROOT' SET v.host_id = ?, d.pool_id = ? WHERE v.id = ?`,
    [hostId, poolId, vm.id],
  );
  // Written before the bridge exists, so that removal of the network finds it.
  await tx.execute(
    `INSERT INTO network_on_host (network_id, host_id, created_at) SELECT DISTINCT network_id, ?, NOW(3) FROM nic WHERE vm_id = ?
     ON DUPLICATE KEY UPDATE host_id = VALUES(host_id)`,
    [hostId, vm.id],
  );
  return true;
}

async function toRequest(tx: Tx, vm: VmRow, volume: RootVolumeRow): Promise<PlacementRequest> {
  const rows = await tx.query<{ hostTags: string | null; hypervisor: string }>(
    `SELECT o.host_tags AS hostTags, t.hypervisor FROM service_offering o, template t WHERE o.id = ? AND t.id = ?`,
    [vm.serviceOfferingId, vm.templateId],
  );
  return {
    cpuMhz: vm.cpuCount * vm.cpuMhz,
    memoryMib: vm.memoryMib,
    hypervisor: rows[0]?.hypervisor ?? 'KVM',
    hostTags: splitTags(rows[0]?.hostTags ?? null),
    diskBytes: volume.sizeBytes,
    ...(vm.requestedHostId === null ? {} : { requestedHostId: vm.requestedHostId }),
    ...(vm.lastHostId === null ? {} : { lastHostId: vm.lastHostId }),
    ...(volume.state === 'Allocated' || volume.poolId === null ? {} : { fixedPoolId: volume.poolId }),
  };
}
