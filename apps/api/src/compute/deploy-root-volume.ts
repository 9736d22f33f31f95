import type { ParamsOf } from '@durastack/contracts/command';
import type { deployVirtualMachine } from '@durastack/contracts/compute/deploy-virtual-machine';
import { DurastackError } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import type { Tx } from '@durastack/store/database/transaction';
import { insertRow } from '@durastack/store/database/rows';
import { diskSize } from '../storage/disk-size.js';
import type { Template } from './deploy-checks.js';

/** What a deploy is asked with. */
export type DeployParams = ParamsOf<typeof deployVirtualMachine>;

/** What is known before any row is locked. */
export interface DeployPlan {
  readonly vmId: string;
  readonly name: string;
  readonly owner: { readonly accountId: string; readonly domainId: string };
  readonly networks: readonly { readonly id: string; readonly ip?: string | undefined }[];
}

/** Writes the row of the root volume, at least as large as its template. INVALID_INPUT when less was asked for. */
export async function writeRootVolume(
  tx: Tx,
  { params, plan, template }: { params: DeployParams; plan: DeployPlan; template: Template },
): Promise<void> {
  const askedBytes = (params.rootDiskSize ?? 0) * 1024 ** 3;
  if (params.rootDiskSize !== undefined && askedBytes < template.virtualSizeBytes) {
    throw new DurastackError(
      'INVALID_INPUT',
      `rootdisksize ${params.rootDiskSize} GiB is smaller than the template's disk of ${template.virtualSizeBytes} bytes.`,
    );
  }
  await tx.execute(
    `INSERT INTO volume (id, name, account_id, domain_id, zone_id, vm_id, template_id, kind, device_id, size_bytes, state, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, 'ROOT', 0, ?, 'Allocated', NOW(3))`,
    [
      newId(),
      `ROOT-${plan.name}`,
      plan.owner.accountId,
      plan.owner.domainId,
      params.zoneId,
      plan.vmId,
      params.templateId,
      Math.max(askedBytes, template.virtualSizeBytes),
    ],
  );
}

/** Writes the row of the data disk that was asked for with the machine. NOT_FOUND and INVALID_INPUT as for a disk by itself. */
export async function writeDataVolume(
  tx: Tx,
  { params, plan }: { params: DeployParams; plan: DeployPlan },
): Promise<void> {
  const { diskOfferingId, size: sizeGib, zoneId } = params;
  if (diskOfferingId === undefined) {
    if (sizeGib === undefined) return;
    throw new DurastackError('INVALID_INPUT', 'size is that of a data disk: name its offering too (diskofferingid).');
  }
  await insertRow(tx, 'volume', {
    id: newId(),
    name: `DATA-${plan.name}`,
    account_id: plan.owner.accountId,
    domain_id: plan.owner.domainId,
    zone_id: zoneId,
    vm_id: plan.vmId,
    disk_offering_id: diskOfferingId,
    kind: 'DATADISK',
    device_id: 1,
    attached_at: new Date(),
    size_bytes: await diskSize(tx, { diskOfferingId, sizeGib }),
    state: 'Allocated',
    created_at: new Date(),
  });
}
