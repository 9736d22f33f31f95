import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { writeOffHost } from '@durastack/contracts/infra/write-off-host';
import { autocommit } from '@durastack/store/database/transaction';
import { writeOffHost as writeOff } from '@durastack/store/recovery/recovery-hosts';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { recoveryReply } from '../operations/recovery-reply.js';
import { Platform } from '../platform.js';

/** Writes a host off. */
@Handles(writeOffHost)
export class WriteOffHostHandler implements CommandHandler<typeof writeOffHost> {
  constructor(private readonly platform: Platform) {}

  async execute(_call: Call, params: ParamsOf<typeof writeOffHost>): Promise<ResultOf<typeof writeOffHost>> {
    const { database } = this.platform;
    await writeOff(database, params.id);
    return recoveryReply(autocommit(database));
  }
}
