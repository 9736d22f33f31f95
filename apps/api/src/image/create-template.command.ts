import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { createTemplate } from '@durastack/contracts/image/create-template';
import type { ResourceRef } from '@durastack/contracts/resources';
import { newId } from '@durastack/kit/ids/new-id';
import { autocommit, type Tx } from '@durastack/store/database/transaction';
import { notFound, ownerOf, requireAccess } from '@durastack/store/identity/access';
import { holdToLimits } from '@durastack/store/identity/limits';
import { accept } from '@durastack/store/operations/accept';
import { readVolume, readVolumesOf, type VolumeRow } from '@durastack/store/storage/volume-row';
import { Handles, type CommandHandler, type StartedOperation } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { anyHeld } from '../operations/held.js';
import { Platform } from '../platform.js';
import { imageStoreOf, writeTemplate } from './template-rows.js';

type Params = ParamsOf<typeof createTemplate>;

/** Accepts a template of a disk: its row is there at once, `Downloading`. */
@Handles(createTemplate)
export class CreateTemplateHandler implements CommandHandler<typeof createTemplate> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: Params): Promise<StartedOperation> {
    const tx = autocommit(this.platform.database);
    const volume = await volumeOf(tx, call, params);
    const own = { account: params.account, domainId: params.domainId, projectId: params.projectId };
    const isGiven = Object.values(own).some((value) => value !== undefined);
    const owner = isGiven
      ? await ownerOf(tx, call.caller, own)
      : await requireAccess(tx, call.caller, { type: 'volume', id: volume.id }, 'volumeid');
    const [id, storeId] = [newId(), await imageStoreOf(tx, volume.zoneId)];
    const held: ResourceRef[] = [
      { type: 'volume', id: volume.id },
      ...(volume.vmId === null ? [] : [{ type: 'virtual-machine', id: volume.vmId } as const]),
    ];
    return accept(this.platform.database, {
      command: createTemplate,
      caller: call.caller,
      owner,
      resource: { type: 'template', id },
      resourceName: params.name,
      zoneId: volume.zoneId,
      locks: [{ type: 'template', id }, ...held, { type: 'image-store', id: storeId }],
      input: { volumeId: volume.id },
      write: async (inner) => {
        // Told at once where it is known: an earlier operation may stop the machine.
        if (!(await anyHeld(inner, held))) await requireAtRest(inner, volume);
        await writeTemplate(inner, {
          ...{ id, owner, zoneId: volume.zoneId, storeId, url: '', format: 'qcow2', checksum: null, params },
          ...{ hypervisor: await hypervisorOf(inner, volume), osTypeId: params.osTypeId, isExtractable: false },
          isAdmin: call.caller.role === 'admin',
        });
        await holdToLimits(inner, owner.accountId, ['template', 'secondary_storage']);
      },
    });
  }
}

/** The disk that was named, or the root disk of the machine that was. NOT_FOUND, INVALID_INPUT. */
async function volumeOf(tx: Tx, call: Call, { volumeId, virtualMachineId }: Params): Promise<VolumeRow> {
  if (volumeId !== undefined) {
    await requireAccess(tx, call.caller, { type: 'volume', id: volumeId }, 'volumeid');
    return readVolume(tx, volumeId);
  }
  if (virtualMachineId === undefined)
    throw new DurastackError('INVALID_INPUT', 'Name the disk in volumeid, or its machine in virtualmachineid.');
  await requireAccess(tx, call.caller, { type: 'virtual-machine', id: virtualMachineId }, 'virtualmachineid');
  const root = (await readVolumesOf(tx, virtualMachineId)).find(({ kind }) => kind === 'ROOT');
  if (!root || root.state === 'Expunged') throw notFound('virtualmachineid', virtualMachineId);
  return root;
}

async function requireAtRest(tx: Tx, { name, state, vmId }: VolumeRow): Promise<void> {
  if (state !== 'Ready')
    throw new DurastackError('NOT_ALLOWED_IN_STATE', `The volume ${name} is ${state}; it holds nothing yet.`);
  const [vm] = await tx.query<{ name: string; state: string }>('SELECT name, state FROM virtual_machine WHERE id = ?', [
    vmId,
  ]);
  if (vm && vm.state !== 'Stopped')
    throw new DurastackError(
      'NOT_ALLOWED_IN_STATE',
      `The virtual machine ${vm.name} is ${vm.state}; a template is made of its disks when it is Stopped.`,
    );
}

/** That of its machine's or its own template; of a disk without either that of the zone's hosts. */
async function hypervisorOf(tx: Tx, { vmId, templateId, zoneId }: VolumeRow): Promise<string> {
  const [row] = await tx.query<{ hypervisor: string | null }>(
    `SELECT COALESCE(
       (SELECT t.hypervisor FROM template t WHERE t.id = ?),
       (SELECT t.hypervisor FROM virtual_machine v JOIN template t ON t.id = v.template_id WHERE v.id = ?),
       (SELECT MIN(c.hypervisor) FROM cluster c WHERE c.zone_id = ?)) AS hypervisor`,
    [templateId, vmId, zoneId],
  );
  return row?.hypervisor ?? 'KVM';
}
