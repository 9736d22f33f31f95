import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { getVirtualMachineSerialLog } from '@durastack/contracts/compute/get-virtual-machine-serial-log';
import { DurastackError } from '@durastack/contracts/errors';
import { autocommit } from '@durastack/store/database/transaction';
import { notFound, requireAccess } from '@durastack/store/identity/access';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import { HostReads } from '../console/host-reads.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

const DEFAULT_BYTES = 65_536;

/** Reads the serial log from the host where the machine runs, or ran last. */
@Handles(getVirtualMachineSerialLog)
export class GetVirtualMachineSerialLogHandler implements CommandHandler<typeof getVirtualMachineSerialLog> {
  constructor(
    private readonly platform: Platform,
    private readonly hosts: HostReads,
  ) {}

  async execute(
    call: Call,
    { id, maxBytes }: ParamsOf<typeof getVirtualMachineSerialLog>,
  ): Promise<ResultOf<typeof getVirtualMachineSerialLog>> {
    const tx = autocommit(this.platform.database);
    await requireAccess(tx, call.caller, { type: 'virtual-machine', id });
    const [vm] = await tx.query<{ name: string; host_id: string | null }>(
      "SELECT name, COALESCE(host_id, last_host_id) AS host_id FROM virtual_machine WHERE id = ? AND state <> 'Expunged'",
      [id],
    );
    if (!vm) throw notFound('id', id);
    if (vm.host_id === null)
      throw new DurastackError('NOT_ALLOWED_IN_STATE', `The virtual machine ${vm.name} has never run: it has no log.`);
    return this.hosts.serialLog({ hostId: vm.host_id, vmId: id }, maxBytes ?? DEFAULT_BYTES);
  }
}
