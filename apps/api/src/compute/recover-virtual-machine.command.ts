import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { recoverVirtualMachine } from '@durastack/contracts/compute/recover-virtual-machine';
import { DurastackError } from '@durastack/contracts/errors';
import { requireRow } from '@durastack/store/database/rows';
import { autocommit, transaction, type Tx } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { virtualMachines } from '@durastack/store/lists/compute/virtual-machines.list';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { transition, transitionIfAllowed } from '@durastack/store/operations/state-rows';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/**
 * Takes back the destruction of a machine: its disks were kept, so nothing on any host has to change. A machine whose
 * operation was given up keeps its host, which its next start asks first.
 */
@Handles(recoverVirtualMachine)
export class RecoverVirtualMachineHandler implements CommandHandler<typeof recoverVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof recoverVirtualMachine>,
  ): Promise<ResultOf<typeof recoverVirtualMachine>> {
    const { database } = this.platform;
    const vm = { type: 'virtual-machine', id: params.id } as const;
    await requireAccess(autocommit(database), call.caller, vm);
    await transaction(database, async (tx) => {
      const row = await requireRow<{ operation_id: string | null }>(tx, vm, { lock: 'update' });
      const waiting = await tx.query<{ operation_id: string }>(
        "SELECT operation_id FROM operation_lock WHERE resource_type = 'virtual-machine' AND resource_id = ? ORDER BY seq LIMIT 1",
        [params.id],
      );
      const holder = row.operation_id ?? waiting[0]?.operation_id;
      if (holder !== undefined)
        throw new DurastackError('BUSY', `The operation ${holder} holds the virtual machine ${params.id}.`, {
          details: { operationId: holder },
        });
      await refuseWithoutDisk(tx, params.id);
      await transition(tx, vm, 'Recovered');
      await tx.execute('UPDATE virtual_machine SET destroyed_at = NULL WHERE id = ?', [params.id]);
      const volumes = await tx.query<{ id: string }>('SELECT id FROM volume WHERE vm_id = ? ORDER BY id', [params.id]);
      for (const { id } of volumes) await transitionIfAllowed(tx, { type: 'volume', id }, 'Recovered');
    });
    return readOne(autocommit(database), virtualMachines, call.caller, params.id);
  }
}

/** A machine in error comes back only with its disk: a new one from the template would pass for its data. */
async function refuseWithoutDisk(tx: Tx, vmId: string): Promise<void> {
  const rows = await tx.query(
    `SELECT 1 FROM virtual_machine m JOIN volume v ON v.vm_id = m.id AND v.kind = 'ROOT'
      WHERE m.id = ? AND m.state = 'Error' AND v.state NOT IN ('Ready', 'Destroy')`,
    [vmId],
  );
  if (rows.length > 0)
    throw new DurastackError('NOT_ALLOWED_IN_STATE', `The virtual machine ${vmId} has no disk; expunge it.`);
}
