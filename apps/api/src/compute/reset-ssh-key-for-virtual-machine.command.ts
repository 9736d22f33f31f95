import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { resetSshKeyForVirtualMachine } from '@durastack/contracts/compute/reset-ssh-key-for-virtual-machine';
import { DurastackError } from '@durastack/contracts/errors';
import { autocommit, transaction } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { virtualMachines } from '@durastack/store/lists/compute/virtual-machines.list';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { readKeyPairs } from './deploy-checks.js';
import { requireIdleVm } from './idle-vm.js';

/** Gives a stopped machine other keys. Every start writes the seed anew, so nothing is to be done on a host. */
@Handles(resetSshKeyForVirtualMachine)
export class ResetSshKeyForVirtualMachineHandler implements CommandHandler<typeof resetSshKeyForVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    params: ParamsOf<typeof resetSshKeyForVirtualMachine>,
  ): Promise<ResultOf<typeof resetSshKeyForVirtualMachine>> {
    const { database } = this.platform;
    await transaction(database, async (tx) => {
      const owner = await requireAccess(tx, call.caller, { type: 'virtual-machine', id: params.id });
      await requireIdleVm(tx, params.id, { state: 'Stopped', what: 'its SSH keys' });
      const { publicKeys, names } = await readKeyPairs(tx, owner.accountId, params);
      if (publicKeys === null)
        throw new DurastackError('INVALID_INPUT', 'Name a key pair in keypair, or several in keypairs.');
      await tx.execute(
        'UPDATE virtual_machine SET public_keys = ?, key_pair_names = ?, seed_resets = seed_resets + 1 WHERE id = ?',
        [publicKeys, names, params.id],
      );
    });
    return readOne(autocommit(database), virtualMachines, call.caller, params.id);
  }
}
