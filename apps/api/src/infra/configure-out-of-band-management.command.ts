import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { configureOutOfBandManagement } from '@durastack/contracts/infra/configure-out-of-band-management';
import { invariant } from '@durastack/contracts/errors';
import { requireRow } from '@durastack/store/database/rows';
import { transaction } from '@durastack/store/database/transaction';
import { controllerSecretContext, readController, showController } from '@durastack/store/oobm/controller-rows';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

type Declared = typeof configureOutOfBandManagement;

/** Stores how a host's management controller is reached; whether it is used stays as it was. */
@Handles(configureOutOfBandManagement)
export class ConfigureOutOfBandManagementHandler implements CommandHandler<Declared> {
  constructor(private readonly platform: Platform) {}

  execute(_call: Call, params: ParamsOf<Declared>): Promise<ResultOf<Declared>> {
    const { hostId, driver, address, port, username, password, fingerprint } = params;
    const sealed = this.platform.secrets.seal(password, controllerSecretContext(hostId));
    return transaction(this.platform.database, async (tx) => {
      await requireRow(tx, { type: 'host', id: hostId }, { parameter: 'hostid', where: "state <> 'Removed'" });
      const plain = fingerprint?.replaceAll(':', '').toLowerCase() ?? null;
      const columns = [driver, address, port, username, sealed, plain];
      await tx.execute(
        `INSERT INTO out_of_band_management (host_id, driver, address, port, username, password_sealed, fingerprint, enabled, power_state, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, 0, 'Unknown', NOW(3))
         ON DUPLICATE KEY UPDATE driver = ?, address = ?, port = ?, username = ?, password_sealed = ?, fingerprint = ?,
           next_password_sealed = NULL, power_state = 'Unknown', power_read_at = NULL`,
        [hostId, ...columns, ...columns],
      );
      const row = await readController(tx, hostId);
      invariant(row, `The management controller of host ${hostId} was just written.`);
      return showController(row);
    });
  }
}
