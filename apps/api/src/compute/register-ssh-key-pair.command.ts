import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { registerSshKeyPair } from '@durastack/contracts/compute/register-ssh-key-pair';
import { autocommit } from '@durastack/store/database/transaction';
import { sshKeyPairs } from '@durastack/store/lists/compute/ssh-key-pairs.list';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { parsePublicKey } from './public-key.js';
import { storeKeyPair } from './store-key-pair.js';

/** Registers a public SSH key. */
@Handles(registerSshKeyPair)
export class RegisterSshKeyPairHandler implements CommandHandler<typeof registerSshKeyPair> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof registerSshKeyPair>): Promise<ResultOf<typeof registerSshKeyPair>> {
    const id = await storeKeyPair(this.platform, call, params, parsePublicKey(params.publicKey));
    return readOne(autocommit(this.platform.database), sshKeyPairs, call.caller, id);
  }
}
