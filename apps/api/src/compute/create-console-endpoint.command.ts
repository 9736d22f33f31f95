import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { createConsoleEndpoint } from '@durastack/contracts/compute/create-console-endpoint';
import { DurastackError } from '@durastack/contracts/errors';
import { autocommit } from '@durastack/store/database/transaction';
import { notFound, requireAccess } from '@durastack/store/identity/access';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import { consoleLinks } from '../console/console-links.js';
import { issueConsoleToken, TOKEN_SECONDS } from '../console/console-tokens.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Gives the right to open a console once. The host is asked only when it is used. */
@Handles(createConsoleEndpoint)
export class CreateConsoleEndpointHandler implements CommandHandler<typeof createConsoleEndpoint> {
  constructor(private readonly platform: Platform) {}

  async execute(
    call: Call,
    { virtualMachineId: vmId }: ParamsOf<typeof createConsoleEndpoint>,
  ): Promise<ResultOf<typeof createConsoleEndpoint>> {
    const tx = autocommit(this.platform.database);
    await requireAccess(tx, call.caller, { type: 'virtual-machine', id: vmId }, 'virtualMachineId');
    const [vm] = await tx.query<{ name: string; state: string; host_id: string | null }>(
      "SELECT name, state, host_id FROM virtual_machine WHERE id = ? AND state <> 'Expunged'",
      [vmId],
    );
    if (!vm) throw notFound('virtualMachineId', vmId);
    if (vm.state !== 'Running' || vm.host_id === null) {
      throw new DurastackError(
        'NOT_ALLOWED_IN_STATE',
        `The virtual machine ${vm.name} is ${vm.state}; only a Running one has a console. Its serial log can be read at any time.`,
      );
    }
    const token = await issueConsoleToken(tx, { vmId, userId: call.caller.userId });
    const details = `Opens the console of ${vm.name} once, within ${TOKEN_SECONDS} seconds.`;
    return { success: true, details, ...consoleLinks(this.platform.settings, token) };
  }
}
