import type { ResultOf } from '@durastack/contracts/command';
import { acknowledgeRecovery } from '@durastack/contracts/operations/acknowledge-recovery';
import { autocommit } from '@durastack/store/database/transaction';
import { acknowledgeFindings } from '@durastack/store/recovery/recovery-view';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import { Platform } from '../platform.js';
import { recoveryReply } from './recovery-reply.js';

/** Clears the list of findings. */
@Handles(acknowledgeRecovery)
export class AcknowledgeRecoveryHandler implements CommandHandler<typeof acknowledgeRecovery> {
  constructor(private readonly platform: Platform) {}

  async execute(): Promise<ResultOf<typeof acknowledgeRecovery>> {
    const { database } = this.platform;
    await acknowledgeFindings(autocommit(database));
    return recoveryReply(autocommit(database));
  }
}
