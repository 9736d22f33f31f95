import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { isDurastackError } from '@durastack/contracts/errors';
import type { BalanceOutcome, DrsSchedulePorts } from '@durastack/contracts/infra/drs.ports';
import { executeClusterDrsPlan } from '@durastack/contracts/infra/execute-cluster-drs-plan';
import { runInSlices, timeLimit } from '@durastack/kit/run-in-slices';
import type { DrsPlan } from '@durastack/model/drs/drs-scene';
import { planDrsInSlices } from '@durastack/model/drs/plan-drs';
import { rulesOf, SEARCH_LIMIT_MS } from '@durastack/model/drs/rules-of';
import { autocommit } from '@durastack/store/database/transaction';
import { systemCaller } from '@durastack/store/identity/system-caller';
import { readClusterSettings } from '@durastack/store/infra/cluster-settings';
import { readRecovering, refuseSecondDrs, takeDrsPlan, writeDrsPlan } from '@durastack/store/infra/drs-plans';
import { readDrsScene } from '@durastack/store/infra/drs-scene';
import { accept } from '@durastack/store/operations/accept';
import type { ActivityDependencies } from '../dependencies.js';

/** Another time will do: what is in the way goes by itself. */
const LATER = ['BUSY', 'NOT_ALLOWED_IN_STATE', 'NOT_FOUND'] as const;

interface Cluster {
  readonly id: string;
  readonly name: string;
  readonly zoneId: string;
}

/** See {@link DrsSchedulePorts}. */
export function createActivities({ source }: ActivityDependencies): DrsSchedulePorts {
  return {
    async balanceCluster({ clusterId }) {
      const tx = autocommit(source);
      const [cluster] = await tx.query<Cluster>('SELECT id, name, zone_id AS zoneId FROM cluster WHERE id = ?', [
        clusterId,
      ]);
      if (!cluster) return { outcome: 'There is no such cluster any more.' };
      const settings = await readClusterSettings(tx, clusterId);
      if (settings['drs.automatic.enable'] !== true) return { outcome: 'It is switched off.' };
      if (await readRecovering(tx, clusterId)) return { outcome: 'A host of the cluster is being given up.' };
      const rules = rulesOf(settings);
      const scene = await readDrsScene(tx, OVERCOMMIT, cluster);
      const plan = await runInSlices(
        planDrsInSlices({ ...scene, rules: { ...rules, outOfTime: timeLimit(SEARCH_LIMIT_MS) } }),
      );
      if (plan.moves.length === 0) return { outcome: `Nothing is to be moved: ${plan.idle ?? 'no-move-helps'}.` };
      try {
        return await carryOut(cluster, plan, rules);
      } catch (error) {
        if (LATER.some((code) => isDurastackError(error, code)) && error instanceof Error)
          return { outcome: `Not now: ${error.message}` };
        throw error;
      }
    },
  };

  async function carryOut(cluster: Cluster, plan: DrsPlan, rules: ReturnType<typeof rulesOf>): Promise<BalanceOutcome> {
    const { operationId } = await accept(source, {
      command: executeClusterDrsPlan,
      caller: await systemCaller(autocommit(source)),
      resource: { type: 'cluster', id: cluster.id },
      resourceName: cluster.name,
      zoneId: cluster.zoneId,
      locks: [],
      input: {},
      write: async (tx, id) => {
        await tx.query('SELECT id FROM cluster WHERE id = ? FOR UPDATE', [cluster.id]);
        await refuseSecondDrs(tx, cluster.id);
        const planId = await writeDrsPlan(tx, { clusterId: cluster.id, kind: 'AUTOMATED', rules, plan });
        await takeDrsPlan(tx, { planId, clusterId: cluster.id, operationId: id });
      },
    });
    return { outcome: `${plan.moves.length} moves have been asked for.`, operationId };
  }
}
