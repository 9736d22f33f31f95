/** Moves that a caller names, as a plan. */
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { DurastackError } from '@durastack/contracts/errors';
import type { PlannedMove } from '@durastack/model/drs/drs-scene';
import { followMoves } from '@durastack/model/drs/follow-moves';
import { rulesOf } from '@durastack/model/drs/rules-of';
import type { Tx } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import { readClusterSettings } from '@durastack/store/infra/cluster-settings';
import type { NewDrsPlan } from '@durastack/store/infra/drs-plans';
import { readDrsScene } from '@durastack/store/infra/drs-scene';
import type { DrsCluster } from './drs-cluster.js';

/** What CloudStack's clients call the two. */
const NAMES = { vm: ['vm', 'virtualmachine', 'virtualmachineid', 'key'], host: ['host', 'hostid', 'value'] } as const;

/**
 * Judges the moves one after the other.
 *
 * @throws DurastackError INVALID_INPUT naming the first that is impossible, and why; NOT_FOUND
 */
export async function planByHand(
  tx: Tx,
  cluster: DrsCluster,
  migrateTo: readonly Readonly<Record<string, string>>[],
): Promise<NewDrsPlan> {
  if (migrateTo.length === 0) throw new DurastackError('INVALID_INPUT', 'migrateto is empty.');
  const rules = rulesOf(await readClusterSettings(tx, cluster.id));
  const scene = { ...(await readDrsScene(tx, OVERCOMMIT, cluster)), rules };
  const wanted = migrateTo.map((entry) => ({ vmId: named(entry, 'vm'), toHostId: named(entry, 'host') }));
  for (const { vmId, toHostId } of wanted) {
    if (!scene.machines.some(({ needs }) => needs.vmId === vmId)) throw notFound('migrateto[].vm', vmId);
    if (!scene.snapshot.hosts.some(({ id }) => id === toHostId)) throw notFound('migrateto[].host', toHostId);
  }
  const { moves, refusal, ...plan } = followMoves(scene, wanted);
  if (refusal !== undefined) throw new DurastackError('INVALID_INPUT', refusal);
  return {
    clusterId: cluster.id,
    kind: 'MANUAL',
    rules,
    plan: { ...plan, moves: moves satisfies readonly PlannedMove[] },
  };
}

function named(entry: Readonly<Record<string, string>>, what: keyof typeof NAMES): string {
  const found = NAMES[what].map((name) => entry[name]).find((value) => value !== undefined && value !== '');
  if (found !== undefined) return found.toLowerCase();
  throw new DurastackError('INVALID_INPUT', `Each entry of migrateto names vm and host; one lacks ${what}.`);
}
