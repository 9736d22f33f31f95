import type { ResultOf } from '@durastack/contracts/command';
import { beginRecovery } from '@durastack/contracts/operations/begin-recovery';
import { autocommit } from '@durastack/store/database/transaction';
import { beginRecovery as beginRecoveryOf } from '@durastack/store/recovery/recovery-state';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import { Platform } from '../platform.js';
import { recoveryReply } from './recovery-reply.js';

/** Begins recovery. */
@Handles(beginRecovery)
export class BeginRecoveryHandler implements CommandHandler<typeof beginRecovery> {
  constructor(private readonly platform: Platform) {}

  async execute(): Promise<ResultOf<typeof beginRecovery>> {
    const { database } = this.platform;
    await beginRecoveryOf(database, { reason: 'an administrator said so', byCommand: true });
    return recoveryReply(autocommit(database));
  }
}
