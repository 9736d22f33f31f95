import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { OVERCOMMIT } from '@durastack/contracts/compute/overcommit';
import { DurastackError } from '@durastack/contracts/errors';
import { generateClusterDrsPlan } from '@durastack/contracts/infra/generate-cluster-drs-plan';
import { runInSlices, timeLimit } from '@durastack/kit/run-in-slices';
import { planDrsInSlices } from '@durastack/model/drs/plan-drs';
import { rulesOf, SEARCH_LIMIT_MS } from '@durastack/model/drs/rules-of';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { readClusterSettings } from '@durastack/store/infra/cluster-settings';
import { writeDrsPlan } from '@durastack/store/infra/drs-plans';
import { readDrsScene } from '@durastack/store/infra/drs-scene';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { drsPlans } from '@durastack/store/lists/infra/drs-plans.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireCluster } from './drs-cluster.js';

/** Plans a cluster, and keeps the plan. */
@Handles(generateClusterDrsPlan)
export class GenerateClusterDrsPlanHandler implements CommandHandler<typeof generateClusterDrsPlan> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    { id, migrations }: ParamsOf<typeof generateClusterDrsPlan>,
  ): Promise<ResultOf<typeof generateClusterDrsPlan>> {
    const tx = autocommit(this.platform.database);
    const cluster = await requireCluster(tx, id);
    const rules = rulesOf(await readClusterSettings(tx, id), migrations);
    const scene = await readDrsScene(tx, OVERCOMMIT, cluster);
    const plan = await runInSlices(
      planDrsInSlices({ ...scene, rules: { ...rules, outOfTime: timeLimit(SEARCH_LIMIT_MS) } }),
    );
    if (plan.idle === 'one-host')
      throw new DurastackError(
        'NOT_ALLOWED_IN_STATE',
        `The cluster ${cluster.name} has ${plan.hostCount} of ${scene.hosts.length} hosts that are up and enabled; there is something to balance from two on.`,
      );
    const planId = await transaction(this.platform.database, (inner) =>
      writeDrsPlan(inner, { clusterId: id, kind: 'MANUAL', rules, plan }),
    );
    return readOne(tx, drsPlans, call.caller, planId);
  }
}
