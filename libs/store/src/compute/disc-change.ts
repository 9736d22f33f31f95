/** Whether what is in a machine's CD drive may be changed. Looked at when it is asked for, and again when it is done. */
import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '../database/transaction.js';
import { notFound } from '../identity/access.js';
import type { Caller } from '../identity/caller.js';
import { OWNED } from '../lists/engine/columns.js';
import { visibleTo } from '../lists/engine/scope.js';

/** What is asked for. */
export interface DiscChange {
  readonly vmId: string;
  /** Undefined: the drive is to be empty. */
  readonly isoId: string | undefined;
  /** Also when another ISO is there, or the guest uses it. */
  readonly forced: boolean;
}

interface Machine {
  readonly name: string;
  readonly state: string;
  readonly zoneId: string;
  readonly isoId: string | null;
}

/**
 * Looks at both.
 *
 * @throws DurastackError NOT_ALLOWED_IN_STATE when the machine is neither Running nor Stopped (nor Destroyed, for one that
 *   is to be taken out), or the ISO not Ready;
 *   INVALID_INPUT when they are in different zones, or there is nothing to be taken out; CONFLICT when another ISO is there
 */
export async function requireDiscChange(tx: Tx, { vmId, isoId, forced }: DiscChange): Promise<void> {
  const [vm] = await tx.query<Machine>(
    'SELECT name, state, zone_id AS zoneId, iso_id AS isoId FROM virtual_machine WHERE id = ?',
    [vmId],
  );
  if (!vm) throw notFound('virtualmachineid', vmId);
  // A destroyed machine would else keep its ISO from being removed until it is expunged.
  const mayChange = ['Running', 'Stopped', ...(isoId === undefined ? ['Destroyed'] : [])];
  if (!mayChange.includes(vm.state))
    throw new DurastackError(
      'NOT_ALLOWED_IN_STATE',
      `${vm.name} is ${vm.state}; what is in its CD drive can be changed when it is Running or Stopped.`,
    );
  // CloudStack's words.
  if (isoId === undefined && vm.isoId === null)
    throw new DurastackError('INVALID_INPUT', 'The specified VM has no ISO attached to it.');
  if (isoId === undefined) return;
  await requireIso(tx, { isoId, vm });
  if (vm.isoId !== null && vm.isoId !== isoId && !forced)
    throw new DurastackError(
      'CONFLICT',
      `The CD drive of ${vm.name} holds the ISO ${vm.isoId}; detach that first (detachIso), or say forced=true.`,
    );
}

async function requireIso(tx: Tx, { isoId, vm }: { isoId: string; vm: Machine }): Promise<void> {
  const [iso] = await tx.query<{ name: string; state: string; zoneId: string }>(
    "SELECT name, state, zone_id AS zoneId FROM template WHERE id = ? AND format = 'iso' AND state <> 'Removed'",
    [isoId],
  );
  if (!iso) throw notFound('id', isoId);
  if (iso.state !== 'Ready')
    throw new DurastackError('NOT_ALLOWED_IN_STATE', `The ISO ${iso.name} is ${iso.state}; wait until it is Ready.`);
  if (iso.zoneId !== vm.zoneId)
    throw new DurastackError(
      'INVALID_INPUT',
      `The ISO ${iso.name} is not in the zone of ${vm.name} (${vm.zoneId}); register it there too.`,
    );
}

/** So many machines are named at most. */
const NAMED = 5;

/**
 * The ISO is in no machine's CD drive.
 *
 * @param viewer who is told the names of machines; absent: nobody
 * @throws DurastackError CONFLICT
 */
export async function requireOutOfDrives(tx: Tx, isoId: string, viewer?: Caller): Promise<void> {
  const seen = viewer && visibleTo(OWNED, viewer);
  const machines = await tx.query<{ name: string; seen: number }>(
    `SELECT b.name, (${seen?.text ?? 'FALSE'}) AS seen FROM virtual_machine b WHERE b.iso_id = ? ORDER BY seen DESC, b.name LIMIT ${NAMED + 1}`,
    [...(seen?.values ?? []), isoId],
  );
  if (machines.length === 0) return;
  const named = machines.slice(0, NAMED).flatMap(({ name, seen: isSeen }) => (Number(isSeen) === 1 ? [name] : []));
  const others = named.length < machines.length ? ['other machines'] : [];
  throw new DurastackError(
    'CONFLICT',
    `The ISO is in the CD drive of ${[...named, ...others].join(', ')}; detach it there first (detachIso).`,
  );
}
