import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { createSshKeyPair } from '@durastack/contracts/compute/create-ssh-key-pair';
import { autocommit } from '@durastack/store/database/transaction';
import { sshKeyPairs } from '@durastack/store/lists/compute/ssh-key-pairs.list';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';
import { generateSshKey } from './public-key.js';
import { storeKeyPair } from './store-key-pair.js';

/** Makes an SSH key pair; the private half is only in the reply. */
@Handles(createSshKeyPair)
export class CreateSshKeyPairHandler implements CommandHandler<typeof createSshKeyPair> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof createSshKeyPair>): Promise<ResultOf<typeof createSshKeyPair>> {
    const key = await generateSshKey(params.name);
    const id = await storeKeyPair(this.platform, call, params, key);
    const stored = await readOne(autocommit(this.platform.database), sshKeyPairs, call.caller, id);
    return { ...stored, privateKey: key.privateKeyPem };
  }
}
