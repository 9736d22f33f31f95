import type { ResultOf } from '@durastack/contracts/command';
import { getRecovery } from '@durastack/contracts/operations/get-recovery';
import { autocommit } from '@durastack/store/database/transaction';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import { Platform } from '../platform.js';
import { recoveryReply } from './recovery-reply.js';

/** Says how recovery stands. */
@Handles(getRecovery)
export class GetRecoveryHandler implements CommandHandler<typeof getRecovery> {
  constructor(private readonly platform: Platform) {}

  async execute(): Promise<ResultOf<typeof getRecovery>> {
    const { database } = this.platform;
    return recoveryReply(autocommit(database));
  }
}
