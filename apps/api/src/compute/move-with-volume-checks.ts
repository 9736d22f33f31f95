/** What can be told at once of a move of a machine with its disks. */
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import type { MachineNeeds } from '@durastack/contracts/compute/placement';
import { DurastackError } from '@durastack/contracts/errors';
import { judgeHosts } from '@durastack/model/placement/judge-hosts';
import { planRestMove } from '@durastack/model/storage/plan-rest-move';
import { readNeeds, withWantedPools } from '@durastack/store/compute/placement-needs';
import { readZoneSnapshot } from '@durastack/store/compute/placement-rows';
import type { Tx } from '@durastack/store/database/transaction';
import { invalid } from '../face/text-faults.js';

/** What is asked for. */
export interface MoveWish {
  readonly vmId: string;
  readonly hostId: string | undefined;
  /** Volume to pool. */
  readonly pools: ReadonlyMap<string, string>;
  /** Whether the machine is to go; else it is stopped, and its disks alone do: to where that host reaches them. */
  readonly running: boolean;
}

/**
 * Refuses what cannot be. Behind another operation on the machine nothing can be told: it is judged when its turn has come.
 *
 * @throws DurastackError INVALID_INPUT, NO_CAPACITY, NOT_ALLOWED_IN_STATE with the reason
 */
export async function checkMove(tx: Tx, { vmId, hostId, pools, running }: MoveWish): Promise<void> {
  const found = (await readNeeds(tx, [vmId])).get(vmId);
  if (!found) return;
  const stranger = [...pools.keys()].find((id) => !found.disks.some(({ volumeId }) => volumeId === id));
  if (stranger !== undefined) throw invalid('migrateTo', `The volume ${stranger} is none of ${found.name}.`);
  await requireZone(tx, found.zoneId, pools);
  const [row] = await tx.query<{ state: string; operations: number }>(
    `SELECT v.state, (SELECT COUNT(*) FROM operation_lock l WHERE l.resource_type = 'virtual-machine' AND l.resource_id = v.id) AS operations
       FROM virtual_machine v WHERE v.id = ?`,
    [vmId],
  );
  if (!row || Number(row.operations) > 0) return;
  requireState(found.name, row.state, running);
  const needs = withWantedPools(found, pools);
  if (running) await checkHosts(tx, needs, hostId);
  else await checkAtRest(tx, needs, hostId);
}

async function requireZone(tx: Tx, zoneId: string, pools: ReadonlyMap<string, string>): Promise<void> {
  if (pools.size === 0) return;
  const [elsewhere] = await tx.query<{ name: string }>(
    'SELECT name FROM storage_pool WHERE id IN (?) AND zone_id <> ? LIMIT 1',
    [[...pools.values()], zoneId],
  );
  if (elsewhere) throw invalid('migrateTo', `The pool ${elsewhere.name} is in another zone.`);
}

function requireState(name: string, state: string, running: boolean): void {
  if (state === (running ? 'Running' : 'Stopped')) return;
  const text =
    state === 'Stopped'
      ? `${name} is Stopped: name a host (hostid), or its disks and their pools (migrateto)`
      : `${name} is ${state}; it can be moved with its disks while it is Running or Stopped`;
  throw new DurastackError('NOT_ALLOWED_IN_STATE', `${text}.`, { details: { state } });
}

async function checkHosts(tx: Tx, needs: MachineNeeds, hostId: string | undefined): Promise<void> {
  const judged = judgeHosts(await readZoneSnapshot(tx, OVERCOMMIT, needs.zoneId), needs, 'migrate').filter(
    ({ host }) => hostId === undefined || host.id === hostId,
  );
  if (judged.some(({ reasons }) => reasons.length === 0)) return;
  const [first] = judged[0]?.reasons ?? [];
  if (hostId !== undefined && !first)
    throw invalid('hostId', `The host ${hostId} is not in use in the machine's zone.`);
  const why = judged.map(({ host, reasons }) => `${host.name} ${reasons[0]?.text ?? ''}`).slice(0, 10);
  const full = judged.some(({ reasons }) => ['memory', 'cpu', 'storage-room'].includes(reasons[0]?.kind ?? ''));
  const text = `${needs.name} cannot be moved with its disks: ${why.join('; ') || 'there is no other host'}.`;
  throw new DurastackError(full ? 'NO_CAPACITY' : 'INVALID_INPUT', text);
}

async function checkAtRest(tx: Tx, needs: MachineNeeds, hostId: string | undefined): Promise<void> {
  const plan = planRestMove(await readZoneSnapshot(tx, OVERCOMMIT, needs.zoneId), needs, hostId);
  if (plan.kind === 'refused')
    throw new DurastackError(plan.code, `The disks of ${needs.name} cannot be moved: ${plan.text}.`);
  if (plan.moves.length > 0) return;
  const text =
    hostId === undefined ? 'is on the pool that is named for it' : `is reached by the host ${hostId}: start it there`;
  throw invalid(hostId === undefined ? 'migrateTo' : 'hostId', `Every disk of ${needs.name} ${text}.`);
}
