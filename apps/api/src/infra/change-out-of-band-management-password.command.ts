import { randomBytes } from 'node:crypto';
import type { ParamsOf } from '@durastack/contracts/command';
import { changeOutOfBandManagementPassword } from '@durastack/contracts/infra/change-out-of-band-management-password';
import { DurastackError } from '@durastack/contracts/errors';
import { requireRow } from '@durastack/store/database/rows';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { readCandidates, requireUsedController, sealCandidates } from '@durastack/store/oobm/controller-rows';
import { accept } from '@durastack/store/operations/accept';
import { isOpenSql } from '@durastack/store/operations/open-operations';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

type Declared = typeof changeOutOfBandManagementPassword;

/** What every IPMI controller can hold. */
const RANDOM_BYTES = 8;

/** Accepts a change of a controller's password. The new one is sealed with the row, never part of the operation. */
@Handles(changeOutOfBandManagementPassword)
export class ChangeOutOfBandManagementPasswordHandler implements CommandHandler<Declared> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, { hostId, password }: ParamsOf<Declared>): Promise<StartedOperation> {
    const { database, secrets } = this.platform;
    const host = { type: 'host', id: hostId } as const;
    const demand = { parameter: 'hostid', where: "state <> 'Removed'" };
    const row = await requireRow<{ name: string; zone_id: string }>(autocommit(database), host, demand);
    const wanted = password ?? randomBytes(RANDOM_BYTES).toString('hex');
    return accept(database, {
      command: changeOutOfBandManagementPassword,
      caller: call.caller,
      resource: host,
      resourceName: row.name,
      zoneId: row.zone_id,
      locks: [],
      input: {},
      write: async (tx) => {
        await requireRow(tx, host, { ...demand, lock: 'update' });
        const controller = await requireUsedController(tx, hostId);
        await refuseBeside(tx, hostId);
        // One that was given up may have left its password at the controller.
        const sealed = sealCandidates(secrets, hostId, [wanted, ...readCandidates(secrets, controller)]);
        await tx.execute('UPDATE out_of_band_management SET next_password_sealed = ? WHERE host_id = ?', [
          sealed,
          hostId,
        ]);
      },
    });
  }
}

async function refuseBeside(tx: Tx, hostId: string): Promise<void> {
  const [other] = await tx.query<{ id: string }>(
    `SELECT o.id FROM operation o WHERE o.kind = ? AND o.resource_type = 'host' AND o.resource_id = ? AND ${isOpenSql('o')} LIMIT 1`,
    [changeOutOfBandManagementPassword.name, hostId],
  );
  if (other) throw new DurastackError('BUSY', `This password is being changed already, by operation ${other.id}.`);
}
