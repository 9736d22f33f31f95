import type { ParamsOf } from '@durastack/contracts/command';
import { restoreVirtualMachine } from '@durastack/contracts/compute/restore-virtual-machine';
import { DurastackError } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import { requireRow } from '@durastack/store/database/rows';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { requireAccess } from '@durastack/store/identity/access';
import { holdToLimits } from '@durastack/store/identity/limits';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { anyHeld } from '../operations/held.js';
import { Platform } from '../platform.js';
import { readTemplate } from './deploy-checks.js';
import { acceptVmOperation, networksOf } from './vm-operation.js';

type Params = ParamsOf<typeof restoreVirtualMachine>;

interface Restored {
  readonly state: string;
  readonly account_id: string;
  readonly domain_id: string;
  readonly zone_id: string;
  readonly template_id: string;
}

/** Accepts making a machine's root disk anew. The new disk's id and size are chosen here. */
@Handles(restoreVirtualMachine)
export class RestoreVirtualMachineHandler implements CommandHandler<typeof restoreVirtualMachine> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<StartedOperation> {
    const tx = autocommit(this.platform.database);
    const ref = { type: 'virtual-machine', id: params.virtualMachineId } as const;
    await requireAccess(tx, call.caller, ref, 'virtualmachineid');
    const vm = await requireRow<Restored>(tx, ref, { parameter: 'virtualmachineid', where: "state <> 'Expunged'" });
    const templateId = params.templateId ?? vm.template_id;
    const sizeBytes = await this.sizeOf(tx, call, { params, vm, templateId });
    const old = await rootOf(tx, ref.id);
    // Behind another operation it is restored as a running one.
    const running = vm.state !== 'Stopped' || (await anyHeld(tx, [ref]));
    return acceptVmOperation(this.platform, call, {
      command: restoreVirtualMachine,
      vmId: ref.id,
      input: {
        ...{ newVolumeId: newId(), oldVolumeId: old.id, templateId, oldTemplateId: vm.template_id, sizeBytes },
        startVm: running,
      },
      ...(running ? { desiredPower: 'on' as const } : { lifecycle: {} }),
      locks: [
        { type: 'volume', id: old.id },
        { type: 'template', id: templateId },
        ...(running ? await networksOf(this.platform, ref.id) : []),
      ],
      write: async (inner) => {
        if ((await rootOf(inner, ref.id)).id !== old.id)
          throw new DurastackError('CONFLICT', `The virtual machine ${ref.id} was just given another root disk.`);
        const more = { primary_storage: Math.max(0, sizeBytes - old.sizeBytes) };
        await holdToLimits(inner, vm.account_id, ['primary_storage'], more);
      },
    });
  }

  /** At least that of the template. INVALID_INPUT when less was asked for, or the template is of another hypervisor. */
  private async sizeOf(
    tx: Tx,
    call: Call,
    { params, vm, templateId }: { params: Params; vm: Restored; templateId: string },
  ): Promise<number> {
    const owner = { accountId: vm.account_id, domainId: vm.domain_id };
    const template = await readTemplate(tx, { caller: call.caller, owner, templateId, zoneId: vm.zone_id });
    const [present] = await tx.query<{ hypervisor: string }>('SELECT hypervisor FROM template WHERE id = ?', [
      vm.template_id,
    ]);
    if (present && present.hypervisor !== template.hypervisor)
      throw new DurastackError(
        'INVALID_INPUT',
        `The template ${templateId} is for ${template.hypervisor}, the virtual machine's for ${present.hypervisor}.`,
      );
    if (params.rootDiskSize === undefined) {
      const { sizeBytes } = await rootOf(tx, params.virtualMachineId);
      return Math.max(sizeBytes, template.virtualSizeBytes);
    }
    const asked = params.rootDiskSize * 1024 ** 3;
    if (asked >= template.virtualSizeBytes) return asked;
    throw new DurastackError(
      'INVALID_INPUT',
      `rootdisksize ${params.rootDiskSize} GiB is smaller than the template's disk of ${template.virtualSizeBytes} bytes.`,
    );
  }
}

async function rootOf(tx: Tx, vmId: string): Promise<{ id: string; sizeBytes: number }> {
  const [row] = await tx.query<{ id: string; sizeBytes: number }>(
    "SELECT id, size_bytes AS sizeBytes FROM volume WHERE vm_id = ? AND kind = 'ROOT'",
    [vmId],
  );
  if (!row) throw new DurastackError('NOT_ALLOWED_IN_STATE', `The virtual machine ${vmId} has no root disk.`);
  return { id: row.id, sizeBytes: Number(row.sizeBytes) };
}
