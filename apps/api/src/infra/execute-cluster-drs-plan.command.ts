import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { executeClusterDrsPlan } from '@durastack/contracts/infra/execute-cluster-drs-plan';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { refuseSecondDrs, takeDrsPlan, writeDrsPlan } from '@durastack/store/infra/drs-plans';
import { accept } from '@durastack/store/operations/accept';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { requireCluster } from './drs-cluster.js';
import { planByHand } from './drs-by-hand.js';

type Params = ParamsOf<typeof executeClusterDrsPlan>;

/** Accepts that a plan is carried out, or moves that the caller names. */
@Handles(executeClusterDrsPlan)
export class ExecuteClusterDrsPlanHandler implements CommandHandler<typeof executeClusterDrsPlan> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { id, planId, migrateTo }: Params): Promise<StartedOperation> {
    const { database } = this.platform;
    if ((planId === undefined) === (migrateTo === undefined))
      throw new DurastackError(
        'INVALID_INPUT',
        'Name a plan (planid, as listClusterDrsPlan shows) or moves (migrateto[0].vm, migrateto[0].host).',
      );
    const cluster = await requireCluster(autocommit(database), id);
    const byHand = migrateTo && (await planByHand(autocommit(database), cluster, migrateTo));
    return accept(database, {
      command: executeClusterDrsPlan,
      caller: call.caller,
      resource: { type: 'cluster', id },
      resourceName: cluster.name,
      zoneId: cluster.zoneId,
      locks: [],
      input: {},
      write: async (tx: Tx, operationId) => {
        await tx.query('SELECT id FROM cluster WHERE id = ? FOR UPDATE', [id]);
        await refuseSecondDrs(tx, id);
        const wanted = byHand ? await writeDrsPlan(tx, byHand) : (planId ?? '');
        await takeDrsPlan(tx, { planId: wanted, clusterId: id, operationId });
      },
    });
  }
}
