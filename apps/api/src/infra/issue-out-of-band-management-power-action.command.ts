import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import {
  DEFAULT_POWER_ACTION_S,
  issueOutOfBandManagementPowerAction,
} from '@durastack/contracts/infra/issue-out-of-band-management-power-action';
import type { PowerAction } from '@durastack/contracts/infra/power-controller';
import { requireRow } from '@durastack/store/database/rows';
import type { Tx } from '@durastack/store/database/transaction';
import { requireUsedController } from '@durastack/store/oobm/controller-rows';
import { accept } from '@durastack/store/operations/accept';
import { refuseIfHeldOff } from '@durastack/store/proof/held-off';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

type Declared = typeof issueOutOfBandManagementPowerAction;

/** Accepts a power action. The same one again joins it; another one while it is under way is refused. */
@Handles(issueOutOfBandManagementPowerAction)
export class IssueOutOfBandManagementPowerActionHandler implements CommandHandler<Declared> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { hostId, action, timeout }: ParamsOf<Declared>): Promise<StartedOperation> {
    const tx = autocommit(this.platform.database);
    const host = { type: 'host', id: hostId } as const;
    const demand = { parameter: 'hostid', where: "state <> 'Removed'" };
    const row = await requireRow<{ name: string; zone_id: string }>(tx, host, demand);
    return accept(this.platform.database, {
      command: issueOutOfBandManagementPowerAction,
      caller: call.caller,
      resource: host,
      resourceName: `${row.name} (${action})`,
      zoneId: row.zone_id,
      locks: [],
      input: { action, timeoutMs: 1_000 * (timeout ?? DEFAULT_POWER_ACTION_S) },
      naturalKey: `${hostId}:${action}`,
      write: async (inner) => {
        await requireRow(inner, host, { ...demand, lock: 'update' });
        await requireUsedController(inner, hostId);
        if (action !== 'STATUS') await refuseBeside(inner, hostId, action);
        await refuseIfHeldOff(inner, hostId, action);
      },
    });
  }
}

/** Two changes at once would undo each other, or be taken for each other. */
async function refuseBeside(tx: Tx, hostId: string, action: PowerAction): Promise<void> {
  const [other] = await tx.query<{ id: string; summary: string }>(
    `SELECT id, summary FROM operation WHERE kind = ? AND resource_type = 'host' AND resource_id = ?
        AND state IN ('queued', 'granted', 'running') AND natural_key NOT LIKE '%:STATUS' LIMIT 1`,
    [issueOutOfBandManagementPowerAction.name, hostId],
  );
  if (other)
    throw new DurastackError(
      'BUSY',
      `Before ${action}, wait for operation ${other.id} (${other.summary}), or cancel it.`,
    );
}
